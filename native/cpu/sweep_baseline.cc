// What every processor of an architecture has.
#define NAMEPLATE_TARGET

#include "cpu/sweep_kernel.h"

namespace nameplate::cpu {

constinit const SweepLoops baselineSweep = loopsOf<16>("128-bit", [] { return true; });

}  // namespace nameplate::cpu
