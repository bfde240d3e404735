#include "cuda/link.h"

namespace nameplate::cuda {

Kernel driverLink(const SharedContext& context, Direction direction, HostMemory memory, std::size_t bytes) {
  const bool pinned = memory == HostMemory::pinned;
  const bool toDevice = direction == Direction::hostToDevice;
  Kernel kernel;
  kernel.name = std::string(toDevice ? "cuMemcpyHtoDAsync from " : "cuMemcpyDtoHAsync to ") +
                (pinned ? "pinned memory" : "pageable memory");
  // No document promises a rate for staged copies.
  kernel.resource = pinned ? "link" : "none";
  // The driver moves pageable memory through a staging buffer of its own, by the processor: no graph can
  // replay that.
  kernel.capturable = pinned;
  if (!pinned) kernel.note = "staged by the driver through pinned memory of its own";
  kernel.launch = [context, toDevice, bytes](const Operands& operands) {
    context->bind();
    if (toDevice) {
      check(driver().cuMemcpyHtoDAsync(operands.out, reinterpret_cast<const void*>(operands.a), bytes,
                                       context->stream()),
            "cuMemcpyHtoDAsync");
    } else {
      check(driver().cuMemcpyDtoHAsync(reinterpret_cast<void*>(operands.out), operands.a, bytes,
                                       context->stream()),
            "cuMemcpyDtoHAsync");
    }
  };
  return kernel;
}

}  // namespace nameplate::cuda
