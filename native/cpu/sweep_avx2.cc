#ifdef __x86_64__
#define NAMEPLATE_TARGET __attribute__((target("avx2")))

#include "cpu/sweep_kernel.h"

namespace nameplate::cpu {

constinit const SweepLoops avx2Sweep =
    loopsOf<32>("256-bit", [] { return __builtin_cpu_supports("avx2") != 0; });

}  // namespace nameplate::cpu
#endif
