#include "door/door.h"

namespace nameplate {

Door::Door(Napi::Env env) : env_(env), back_(Back::New(env, "nameplate", 0, 1, this)) {
  back_.Unref(env);
  // Hooks run last in, first out: the queues stop before Node takes the thread-safe function away.
  env.AddCleanupHook([](Door* door) { door->shut(); }, this);
}

void Door::shut() {
  if (shut_) return;
  shut_ = true;
  cancelled = true;
  for (auto& [handle, open] : devices_) open->queue.stop();
  measuring.queue.stop();
  for (auto& [handle, open] : devices_) open->clear();
  measuring.clear();
  devices_.clear();
  back_.Release();
}

void Door::settle(Napi::Env env, Napi::Function, Door*, std::function<void(Napi::Env)>* body) {
  const std::unique_ptr<std::function<void(Napi::Env)>> owned(body);
  if (env == nullptr) return;  // the environment is going: nobody waits for the promise
  try {
    (*owned)(env);
  } catch (const Napi::Error&) {
    // Only when the environment can no longer make a value; the promise goes with it.
  }
}

const Door::Entry& Door::entry(Handle handle, Kind kind) const {
  struct Words {
    const char *name, *end;
  };
  constexpr std::array<Words, 3> words{{{"device", "it was closed"},
                                        {"buffer", "it was released, or its device closed"},
                                        {"module", "it was unloaded, or its device closed"}}};
  const auto found = entries_.find(handle);
  if (found != entries_.end() && found->second.kind == kind) return found->second;
  const auto& [name, end] = words[static_cast<std::size_t>(kind)];
  throw Error("EBADF", std::string(name) + " " + std::to_string(handle) + " is not open: " + end +
                           ", or there never was one");
}

OpenDevice& Door::device(Handle handle) const {
  entry(handle, Kind::device);
  return *devices_.at(handle);
}

// A buffer that was dropped is freed when the collector finds it, and the collector comes for what it is told
// of: to it each is a small object. Told of memory on a device as well, which runs out like the host's.
void Door::weigh(std::int64_t bytes) const {
  Napi::MemoryManagement::AdjustExternalMemory(env_, bytes);
}

void Door::enter(Handle handle, Entry entry) {
  entries_[handle] = entry;
  weigh(static_cast<std::int64_t>(entry.bytes));
}

void Door::forget(Handle handle) {
  const auto found = entries_.find(handle);
  if (found == entries_.end()) return;
  const auto bytes = static_cast<std::int64_t>(found->second.bytes);
  entries_.erase(found);
  weigh(-bytes);
}

void Door::forgetDevice(Handle handle) {
  std::int64_t bytes = 0;
  std::erase_if(entries_, [handle, &bytes](const auto& item) {
    const Entry& entry = item.second;
    if (entry.device == handle) bytes += static_cast<std::int64_t>(entry.bytes);
    return entry.device == handle;
  });
  weigh(-bytes);
}

void Door::drop(Handle handle) {
  forgetDevice(handle);  // again: an allocation that was under way has entered its buffer since
  devices_.erase(handle);
}

Napi::Value guarded(const Napi::CallbackInfo& info, Napi::Value (*body)(Door&, const Napi::CallbackInfo&)) {
  const Napi::Env env = info.Env();
  try {
    return body(*env.GetInstanceData<Door>(), info);
  } catch (const Error& error) {
    throw failure(env, error.code, error.what());
  } catch (const Napi::Error&) {
    throw;  // a getter of the argument threw: the caller gets its own exception
  } catch (const std::bad_alloc&) {
    throw failure(env, "ENOMEM", "the host is out of memory");
  } catch (const std::exception& error) {
    throw failure(env, "EINTERNAL", error.what());
  }
}

Fields argument(const Napi::CallbackInfo& info, const char* function) {
  if (info.Length() != 1) throw Error("EINVAL", std::string(function) + " takes one object");
  return {info[0], function};
}

const Backend& backendOf(const std::string& id) {
  return id == "cpu" ? cpuBackend : cudaBackend;
}

}  // namespace nameplate
