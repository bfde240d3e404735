#include "cuda/sweep.h"

#include <algorithm>

#include "kernels/parameters.h"

namespace nameplate::cuda {
namespace {

// What one step of a block reads: 16 bytes a thread.
constexpr std::size_t step = sweepThreads * 16;

}  // namespace

Kernel cacheSweep(OwnKernels& kernels, const Sweep& sweep) {
  const bool own = sweep.scope == Scope::core;
  if (sweep.stream != Stream::read && !(sweep.stream == Stream::copy && !own))
    throw Unsupported("on a GPU, L1 is swept by reading and L2 by reading and copying: L1 keeps no writes");
  if (sweep.bytes % 16 != 0 || sweep.bytes == 0)
    throw Error("EINVAL", "a sweep reads 16 bytes at a time: " + std::to_string(sweep.bytes) +
                              " bytes is not a multiple of 16 above 0");
  const char* const name = own                            ? "sweep_read_own"
                           : sweep.stream == Stream::read ? "sweep_read"
                                                          : "sweep_copy";
  const OwnKernel found = kernels.find("sweep", name);
  if (own) found.preferL1();
  const std::size_t multiprocessors = kernels.context()->multiprocessors();
  // A set of its own is one block's, and as many blocks as multiprocessors of the largest size are one on
  // each. One set of all is shared by two blocks on each, but by no more than find work in it.
  const std::size_t blocks =
      own ? sweep.sets
          : std::min(2 * multiprocessors, std::max<std::size_t>(1, (sweep.bytes + step - 1) / step));
  if (blocks > sweepPartials)
    throw Unsupported("a sweep has " + std::to_string(sweepPartials) + " partial sums, and this device " +
                      std::to_string(blocks) + " blocks");
  Kernel kernel;
  kernel.name = std::string(name) + " (" + found.image() + "), " + std::to_string(blocks) + " blocks, " +
                std::to_string(sweep.passes) + (sweep.passes == 1 ? " pass" : " passes") + " a launch";
  kernel.resource = "none";
  kernel.launch = [found, blocks, sweep](const Operands& operands) {
    if ((operands.out | operands.a) % 16 != 0)
      throw Error("EINVAL", "cache rows need arrays that start on a 16-byte boundary");
    found.launch(static_cast<unsigned>(blocks), {sweepThreads, 1},
                 SweepParameters{reinterpret_cast<void*>(operands.out),
                                 reinterpret_cast<const void*>(operands.a), sweep.bytes / 16, sweep.passes});
  };
  return kernel;
}

}  // namespace nameplate::cuda
