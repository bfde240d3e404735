#include "cuda/link.h"

#include "cpu/threads.h"
#include "kernels/parameters.h"

namespace nameplate::cuda {
namespace {

bool pageable(HostMemory memory) {
  return memory == HostMemory::pageable;
}

void* host(std::uintptr_t address) {
  return reinterpret_cast<void*>(address);
}

void toDevice(std::uintptr_t to, std::uintptr_t from, std::size_t bytes, CUstream stream) {
  check(driver().cuMemcpyHtoDAsync(to, host(from), bytes, stream), "cuMemcpyHtoDAsync");
}

void toHost(std::uintptr_t to, std::uintptr_t from, std::size_t bytes, CUstream stream) {
  check(driver().cuMemcpyDtoHAsync(host(to), from, bytes, stream), "cuMemcpyDtoHAsync");
}

// A copy of pageable memory may hold the thread that asks for it until it is done (CUDA driver API, "API
// synchronization behavior"): one thread alone would ask for one way after the other.
std::shared_ptr<cpu::Threads> twoThreads() {
  return std::make_shared<cpu::Threads>(2, std::vector<int>{});
}

}  // namespace

Kernel driverLink(const SharedContext& context, Direction direction, HostMemory memory, std::size_t bytes) {
  Kernel kernel;
  // No document promises a rate for staged copies, nor one for both directions together.
  kernel.resource = pageable(memory) || direction == Direction::both ? "none" : "link";
  // The driver moves pageable memory through a staging buffer of its own, by the processor: no graph can
  // replay that.
  kernel.capturable = !pageable(memory);
  if (pageable(memory))
    kernel.note =
        "staged by the driver through pinned memory of its own, by a processor on whatever NUMA node it runs";
  const std::string words = pageable(memory) ? "pageable memory" : "pinned memory";
  switch (direction) {
    case Direction::hostToDevice:
      kernel.name = "cuMemcpyHtoDAsync from " + words;
      kernel.launch = [context, bytes](const Operands& operands) {
        context->bind();
        toDevice(operands.out, operands.a, bytes, context->stream());
      };
      break;
    case Direction::deviceToHost:
      kernel.name = "cuMemcpyDtoHAsync to " + words;
      kernel.launch = [context, bytes](const Operands& operands) {
        context->bind();
        toHost(operands.out, operands.a, bytes, context->stream());
      };
      break;
    case Direction::both:
      kernel.name = "cuMemcpyHtoDAsync and cuMemcpyDtoHAsync on two streams, " +
                    std::string(pageable(memory) ? "each from a host thread of its own, " : "") + words;
      // Recorded, the two might be put one after the other on one engine: they are enqueued anew each time.
      kernel.capturable = false;
      kernel.launch = [context, bytes, second = std::make_shared<SideStream>(context),
                       threads = pageable(memory) ? twoThreads() : nullptr](const Operands& operands) {
        context->bind();
        second->follow();
        const auto there = [&] { toDevice(operands.out, operands.a, bytes, context->stream()); };
        const auto back = [&] {
          context->bind();
          toHost(operands.a + bytes, operands.out + bytes, bytes, second->stream());
        };
        if (threads) {
          threads->parallel(2, [&](std::size_t way) { way == 0 ? there() : back(); });
        } else {
          there();
          back();
        }
        second->join();
      };
      break;
  }
  return kernel;
}

Kernel builtinLink(OwnKernels& kernels, Direction direction, HostMemory memory, std::size_t bytes) {
  if (pageable(memory))
    throw Unsupported("a kernel reaches pinned memory only; pageable memory is copied by the driver");
  if (bytes % 16 != 0)
    throw Error("EINVAL", "the link's kernel copies 16 bytes at a time: " + std::to_string(bytes) +
                              " bytes is not a multiple of 16");
  const OwnKernel own = kernels.find("link", "link_copy");
  const unsigned multiprocessors = kernels.context()->multiprocessors();
  const bool both = direction == Direction::both;
  Kernel kernel;
  kernel.name =
      "link_copy (" + own.image() + "), pinned memory" + (both ? ", half of the blocks each way" : "");
  kernel.resource = both ? "none" : "link";
  kernel.tuned = false;
  kernel.note = "first set of own kernels: not yet run on a GPU";
  kernel.launch = [own, multiprocessors, both, bytes](const Operands& operands) {
    LinkParameters parameters{host(operands.out), host(operands.a), nullptr, nullptr, bytes / 16};
    if (both) {
      parameters.backOut = host(operands.a + bytes);
      parameters.backFrom = host(operands.out + bytes);
    }
    own.launch(2 * multiprocessors, {linkThreads, 1}, parameters);
  };
  return kernel;
}

}  // namespace nameplate::cuda
