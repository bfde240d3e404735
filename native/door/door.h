// What one JavaScript environment holds of us: its open devices, its handles, and the way back from a
// device's thread.
//
// A handle is a number that is never used twice, so a freed one is refused and never mistaken for another.
// The registry of handles belongs to the JavaScript thread; the objects behind them belong to their device's
// queue and are touched there only. Work is queued in order, so what was asked before a release still finds
// its buffer, and what is asked after it is refused.
#pragma once

#include <napi.h>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <variant>

#include "backend.h"
#include "door/answers.h"
#include "door/fields.h"
#include "door/queue.h"
#include "sample.h"
#include "soak.h"

namespace nameplate {

using Handle = std::uint64_t;

// Only the queue's thread touches what is below it.
struct OpenDevice {
  Queue queue;
  std::unique_ptr<Device> device;
  std::map<Handle, std::unique_ptr<Buffer>> buffers;
  std::map<Handle, std::unique_ptr<Module>> modules;
  std::map<std::pair<GemmShape, std::string>, Kernel> kernels;  // GEMMs already prepared, of each provider
  std::unique_ptr<Soak> soak;                                   // in progress, kept from step to step

  void clear() {
    soak.reset();
    kernels.clear();
    modules.clear();
    buffers.clear();
    device.reset();
  }
};

class Door {
 public:
  explicit Door(Napi::Env env);
  ~Door() { shut(); }
  Door(const Door&) = delete;
  Door& operator=(const Door&) = delete;

  // Runs work() on the queue's thread, then answer(env, its result) on the JavaScript thread, or undo() there
  // if work threw; returns the promise.
  template <class Work, class Answer>
  Napi::Value submit(Napi::Env env, Queue& queue, Work work, Answer answer, std::function<void()> undo = {}) {
    using Result = std::invoke_result_t<Work>;
    struct Job {
      Napi::Promise::Deferred deferred;
      Work work;
      Answer answer;
      std::function<void()> undo;
      std::variant<std::monostate, Result, Failure> result{};
    };
    auto job = std::make_shared<Job>(
        Job{Napi::Promise::Deferred::New(env), std::move(work), std::move(answer), std::move(undo)});
    const Napi::Value promise = job->deferred.Promise();
    if (pending_++ == 0) back_.Ref(env);
    queue.post([this, job] {
      try {
        job->result.template emplace<1>(job->work());
      } catch (const Error& error) {
        job->result = Failure{error.code, error.what()};
      } catch (const std::bad_alloc&) {
        job->result = Failure{"ENOMEM", "the host is out of memory"};
      } catch (const std::exception& error) {
        job->result = Failure{"EINTERNAL", error.what()};
      }
      auto settle = std::make_unique<std::function<void(Napi::Env)>>([this, job](Napi::Env env) {
        if (--pending_ == 0) back_.Unref(env);
        if (const auto* error = std::get_if<Failure>(&job->result)) {
          if (job->undo) job->undo();
          job->deferred.Reject(failure(env, error->code, error->message).Value());
          return;
        }
        try {
          job->deferred.Resolve(job->answer(env, std::get<1>(job->result)));
        } catch (const Napi::Error& error) {  // the runtime refused to make what is answered
          job->deferred.Reject(error.Value());
        }
      });
      if (back_.BlockingCall(settle.get()) == napi_ok) settle.release();
    });
    return promise;
  }

  // ---- Handles; JavaScript thread only.
  enum class Kind : std::uint8_t { device, buffer, module };
  struct Entry {
    Kind kind;
    Handle device;
    std::size_t bytes;
  };
  Handle next() { return ++last_; }
  void enter(Handle handle, Entry entry);
  const Entry& entry(Handle handle, Kind kind) const;  // throws EBADF
  OpenDevice& device(Handle handle) const;             // throws EBADF
  void add(Handle handle, std::unique_ptr<OpenDevice> device) { devices_[handle] = std::move(device); }
  void forget(Handle handle);
  void forgetDevice(Handle handle);  // and everything on it; the OpenDevice stays until dropped
  void drop(Handle handle);          // when its queue is idle

  std::atomic<bool> cancelled = false;
  OpenDevice measuring;  // the device of run(), kept between runs
  std::string measuringId;
  std::size_t measuringThreads = 0;  // as asked; 0 is the device's own choice

 private:
  void shut();
  void weigh(std::int64_t bytes) const;
  static void settle(Napi::Env env, Napi::Function, Door*, std::function<void(Napi::Env)>* body);
  using Back = Napi::TypedThreadSafeFunction<Door, std::function<void(Napi::Env)>, settle>;

  Napi::Env env_;
  Back back_;
  std::size_t pending_ = 0;
  bool shut_ = false;
  Handle last_ = 0;
  std::map<Handle, Entry> entries_;
  std::map<Handle, std::unique_ptr<OpenDevice>> devices_;
};

// Runs `body` and turns what it throws into a JavaScript exception: the one place where exceptions leave.
Napi::Value guarded(const Napi::CallbackInfo&, Napi::Value (*body)(Door&, const Napi::CallbackInfo&));

// The only argument that any function of the door takes.
Fields argument(const Napi::CallbackInfo&, const char* function);

const Backend& backendOf(const std::string& id);

void exportMeasure(Napi::Env, Napi::Object exports);
void exportBuffers(Napi::Env, Napi::Object exports);
void exportMultiply(Napi::Env, Napi::Object exports);
void exportModules(Napi::Env, Napi::Object exports);

template <Napi::Value (*body)(Door&, const Napi::CallbackInfo&)>
void exportFunction(Napi::Env env, Napi::Object exports, const char* name) {
  exports.Set(name, Napi::Function::New(
                        env, [](const Napi::CallbackInfo& info) { return guarded(info, body); }, name));
}

}  // namespace nameplate
