#include "cuda/workspace.h"

#include "cuda/buffer.h"

namespace nameplate::cuda {

std::shared_ptr<const Buffer> Workspace::holding(std::size_t bytes) {
  if (!buffer_ || buffer_->bytes() < counterBytes + bytes) {
    std::shared_ptr<const Buffer> larger = allocateDevice(context_, counterBytes + bytes);
    check(driver().cuMemsetD32Async(larger->address(), 0, counterBytes / 4, context_->stream()),
          "cuMemsetD32Async");
    buffer_ = std::move(larger);
  }
  return buffer_;
}

}  // namespace nameplate::cuda
