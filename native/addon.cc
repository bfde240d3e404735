// The addon's table of contents. What each function takes and gives is in door/, the only folder that knows
// JavaScript.
#include "door/door.h"

namespace {

Napi::Object initialise(Napi::Env env, Napi::Object exports) {
  try {
    env.SetInstanceData(new nameplate::Door(env));
  } catch (const nameplate::Error& error) {  // the door starts a thread
    throw nameplate::failure(env, error.code, error.what());
  } catch (const std::bad_alloc&) {
    throw nameplate::failure(env, "ENOMEM", "the host is out of memory");
  }
  nameplate::exportMeasure(env, exports);   // inventory, operations, run, cancel
  nameplate::exportBuffers(env, exports);   // open, close, allocate, release, write, read, copy
  nameplate::exportMultiply(env, exports);  // multiply
  nameplate::exportModules(env, exports);   // load, unload, launch
  return exports;
}

}  // namespace

NODE_API_MODULE(nameplate, initialise)
