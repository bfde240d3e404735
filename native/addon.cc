// The addon's table of contents. What each function takes and gives is in door/, the only folder that knows
// JavaScript.
#include "door/door.h"

namespace {

Napi::Object initialise(Napi::Env env, Napi::Object exports) {
  env.SetInstanceData(new nameplate::Door(env));
  nameplate::exportMeasure(env, exports);   // inventory, operations, run, cancel
  nameplate::exportBuffers(env, exports);   // open, close, allocate, release, write, read, copy
  nameplate::exportMultiply(env, exports);  // multiply
  nameplate::exportModules(env, exports);   // load, unload, launch
  return exports;
}

}  // namespace

NODE_API_MODULE(nameplate, initialise)
