// Memory of the device, and host memory that copies go to and from.
#pragma once

#include <memory>
#include <optional>

#include "backend.h"
#include "cuda/context.h"

namespace nameplate::cuda {

class CudaBuffer : public Buffer {
 public:
  bool onHost() const { return onHost_; }
  const SharedContext& context() const { return context_; }
  void* host() const { return reinterpret_cast<void*>(address_); }

 protected:
  CudaBuffer(SharedContext context, bool onHost, std::size_t bytes)
      : Buffer(0, bytes), context_(std::move(context)), onHost_(onHost) {}
  SharedContext context_;

 private:
  bool onHost_;
};

// Throws Error with CUDA_ERROR_OUT_OF_MEMORY, naming the bytes asked for and the bytes free.
std::unique_ptr<Buffer> allocateDevice(SharedContext, std::size_t bytes);

// Memory on `peer`, at the disposal of `own`, whose stream and copies it is used with.
std::unique_ptr<Buffer> allocatePeer(SharedContext own, SharedContext peer, std::size_t bytes);

// On `node` where one is given, the device's own, and for HostMemory::far on another. Pinned memory is the
// driver's, at any device's disposal; pageable memory the system's, touched so that its pages exist, there,
// before a copy is timed.
std::unique_ptr<Buffer> allocateHost(SharedContext, std::size_t bytes, HostMemory, std::optional<int> node);

}  // namespace nameplate::cuda
