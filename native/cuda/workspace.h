// Memory that the blocks of one launch share: what each of several that sum one tile of C leaves for the
// last.
#pragma once

#include <memory>

#include "backend.h"
#include "cuda/context.h"

namespace nameplate::cuda {

// One for all kernels of a device: its launches follow each other on one stream.
class Workspace {
 public:
  // The counters at its start, zero between launches.
  static constexpr std::size_t counterBytes = 64 << 10;

  explicit Workspace(SharedContext context) : context_(std::move(context)) {}

  // With room for `bytes` behind the counters. Whoever launches with it holds it: it may be followed by a
  // larger one. Throws Error with CUDA_ERROR_OUT_OF_MEMORY.
  std::shared_ptr<const Buffer> holding(std::size_t bytes);

 private:
  SharedContext context_;
  std::shared_ptr<const Buffer> buffer_;
};

}  // namespace nameplate::cuda
