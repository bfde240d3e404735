// The addon's table of contents. What each function takes and gives is in door/, the only folder that knows
// JavaScript.
#include "door/door.h"

namespace {

Napi::Object initialise(Napi::Env env, Napi::Object exports) {
  try {
    env.SetInstanceData(new nameplate::Door(env));
  } catch (const Napi::Error&) {
    throw;
  } catch (const std::exception& error) {
    const Napi::Error refused =
        Napi::Error::New(env, std::string("the addon cannot start a thread of its own (") + error.what() +
                                  "): allow the process more memory (ulimit -v) or more threads (ulimit -u)");
    refused.Set("code", Napi::String::New(env, "EAGAIN"));
    throw refused;
  }
  nameplate::exportMeasure(env, exports);   // inventory, operations, run, cancel
  nameplate::exportBuffers(env, exports);   // open, close, allocate, release, write, read, copy
  nameplate::exportMultiply(env, exports);  // multiply
  nameplate::exportModules(env, exports);   // load, unload, launch
  return exports;
}

}  // namespace

NODE_API_MODULE(nameplate, initialise)
