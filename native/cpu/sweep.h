// Walking a working set again and again, as wide as the processor loads: what its caches deliver.
#pragma once

#include <cstdint>
#include <string_view>

#include "backend.h"
#include "cpu/threads.h"

namespace nameplate::cpu {

// A kernel whose launch has finished when it returns, and which must not outlive `threads`. The bytes of an
// array are a multiple of 64, and the operands start at multiples of 64; EINVAL otherwise.
Kernel cacheSweep(const Sweep&, Threads& threads);

// One set of instructions; sweep_*.cc define one each.
struct SweepLoops {
  std::string_view path;
  bool (*here)();
  std::uint64_t (*read)(const std::byte* from, std::size_t bytes, std::size_t passes);
  void (*copy)(std::byte* to, const std::byte* from, std::size_t bytes, std::size_t passes);
};

extern const SweepLoops baselineSweep;
#ifdef __x86_64__
extern const SweepLoops avx2Sweep, avx512Sweep;
#endif

}  // namespace nameplate::cpu
