// A device's context and the one stream that everything of ours runs on, held by all that lives on the
// device.
//
// It is the primary context, not one of our own: cuBLASLt brings the CUDA runtime with it, and the runtime
// uses the primary one. A context is current to a thread, and Node may call from any of its threads, so every
// public call begins with bind().
#pragma once

#include <memory>
#include <utility>

#include "cuda/driver.h"

namespace nameplate::cuda {

// A driver handle and the call that gives it back.
template <typename Value, auto Destroy>
class Handle {
 public:
  Handle() = default;
  explicit Handle(Value value) : value_(value) {}
  Handle(Handle&& other) noexcept : value_(std::exchange(other.value_, Value{})) {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(value_, other.value_);
    return *this;
  }
  ~Handle() {
    if (value_) ignore((driver().*Destroy)(value_));
  }
  Value get() const { return value_; }
  Value* out() { return &value_; }

 private:
  Value value_{};
};

using Event = Handle<CUevent, &DriverCalls::cuEventDestroy>;
using Graph = Handle<CUgraph, &DriverCalls::cuGraphDestroy>;
using GraphExec = Handle<CUgraphExec, &DriverCalls::cuGraphExecDestroy>;
using LoadedModule = Handle<CUmodule, &DriverCalls::cuModuleUnload>;

class Context {
 public:
  explicit Context(CUdevice device);
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  // Makes the context current to the calling thread. Throws what an earlier launch left behind.
  void bind() const;
  // The same for destructors, which cannot complain.
  void bindQuietly() const noexcept;
  // Waits for all that was enqueued, and throws what failed in it.
  void synchronize() const;

  CUdevice device() const { return device_; }
  CUcontext handle() const { return context_; }
  CUstream stream() const { return stream_; }
  int attribute(CUdevice_attribute attribute) const;
  // Compute capability: 9 and 0 of 9.0, as 90.
  int capability() const { return capability_; }
  std::string capabilityText() const;
  unsigned multiprocessors() const;

  Event event() const;
  // Seconds of device time from one event to a later one; waits for the later one.
  double seconds(const Event& from, const Event& to) const;

 private:
  CUdevice device_;
  CUcontext context_ = nullptr;
  CUstream stream_ = nullptr;
  int capability_ = 0;
};

using SharedContext = std::shared_ptr<const Context>;

// A second stream beside the context's own, for work that runs at the same time.
class SideStream {
 public:
  explicit SideStream(SharedContext context);
  ~SideStream();
  SideStream(const SideStream&) = delete;
  SideStream& operator=(const SideStream&) = delete;

  CUstream stream() const { return stream_; }
  // What is enqueued here from now on waits for what the context's stream has so far…
  void follow() const;
  // …and what that has from now on waits for this.
  void join() const;

 private:
  SharedContext context_;
  CUstream stream_ = nullptr;
  Event begin_, end_;
};

// An attribute of a device that need not have a context.
int deviceAttribute(CUdevice device, CUdevice_attribute attribute);

// Its compute capability: 90 for 9.0.
int capabilityOf(CUdevice device);

}  // namespace nameplate::cuda
