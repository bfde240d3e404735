// The most arithmetic that these cores do, measured: multiply-adds on registers and nothing else.
//
// Cores times FLOP per clock times clock is what the cores should do, at a clock that they may not hold. This
// is what they do: no load, no store, enough independent sums that none waits for another. A GEMM cannot beat
// it.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "backend.h"
#include "cpu/threads.h"

namespace nameplate::cpu {

struct CeilingLoop {
  std::string_view resource;    // "vector.fp32"
  std::string_view arithmetic;  // "fp32 multiply-adds"
  std::string_view path;        // "AVX-512"
  double flopPerStep;
  void (*run)(std::size_t steps);
  bool (*here)();  // whether this processor and its system have the instructions
};

// Of each resource the widest instructions first.
std::span<const CeilingLoop> ceilingLoops();

// FLOP/s of all `threads` together in the best of some windows of 1 ms. In the processor's time, so
// that work of others takes nothing off it: a bound must not sink below what a quieter moment lets a GEMM
// reach.
double timeLoop(const CeilingLoop&, Threads& threads);

// Of those for `resource` that run here: the first, unless another is clearly quicker. Some processors lower
// their clock for wide vectors by more than the width is worth. Null where there is none.
const CeilingLoop* quickestLoop(std::span<const CeilingLoop>, std::string_view resource, Threads& threads);

// With the quickest loop. Absent for a resource without one, and for a format that the processor computes in
// matrix units (AMX), which no vector loop exhausts.
std::optional<Ceiling> measureCeiling(std::string_view resource, Threads& threads);

}  // namespace nameplate::cpu
