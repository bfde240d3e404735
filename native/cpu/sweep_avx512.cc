#ifdef __x86_64__
#define NAMEPLATE_TARGET __attribute__((target("avx512f")))

#include "cpu/sweep_kernel.h"

namespace nameplate::cpu {

constinit const SweepLoops avx512Sweep =
    loopsOf<64>("512-bit", [] { return __builtin_cpu_supports("avx512f") != 0; });

}  // namespace nameplate::cpu
#endif
