#include "cpu/sweep.h"

#include <array>
#include <string>

namespace nameplate::cpu {
namespace {

const SweepLoops& widest() {
#ifdef __x86_64__
  for (const SweepLoops* loops : {&avx512Sweep, &avx2Sweep})
    if (loops->here()) return *loops;
#endif
  return baselineSweep;
}

}  // namespace

Kernel cacheSweep(const Sweep& sweep, Threads& threads) {
  constexpr std::size_t grain = 64;
  if (sweep.bytes % grain != 0 || sweep.bytes == 0)
    throw Error("EINVAL", "a sweep walks through whole lines: " + std::to_string(sweep.bytes) +
                              " bytes is not a multiple of 64 above 0");
  if (sweep.stream != Stream::read && sweep.stream != Stream::copy)
    throw Unsupported("caches are swept by reading and by copying");
  if (sweep.scope != Scope::core)
    throw Unsupported("each core of a CPU walks through a working set of its own");
  const SweepLoops& loops = widest();
  const bool copies = sweep.stream == Stream::copy;
  const std::string path(loops.path);
  Kernel kernel;
  kernel.name = path + (copies ? " loads and regular stores, " : " loads, ") + std::to_string(sweep.sets) +
                (sweep.sets == 1 ? " thread" : " threads") + ", " + std::to_string(sweep.passes) +
                (sweep.passes == 1 ? " pass" : " passes") + " a launch";
  kernel.resource = "none";
  kernel.launch = [&loops, &threads, sweep, copies](const Operands& operands) {
    if ((operands.out | operands.a) % grain != 0)
      throw Error("EINVAL", "the arrays of a cache row start at multiples of 64 bytes");
    threads.parallel(sweep.sets, [&](std::size_t set) {
      const auto* from = reinterpret_cast<const std::byte*>(operands.a + set * sweep.bytes);
      if (copies)
        loops.copy(reinterpret_cast<std::byte*>(operands.out + set * sweep.bytes), from, sweep.bytes,
                   sweep.passes);
      else
        reinterpret_cast<std::uint64_t*>(operands.out)[set] = loops.read(from, sweep.bytes, sweep.passes);
    });
  };
  return kernel;
}

}  // namespace nameplate::cpu
