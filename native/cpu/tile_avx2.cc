// 16 registers of 32 bytes: 12 hold sums, 2 a step of b, 1 an element of a. A hyperthread beside this one,
// also another guest's, leaves half of the instructions that a core issues: three a clock on Zen 3. So few of
// them count, beside 12 multiply-adds that take six clocks: with four steps written out there are some 22 a
// step, which took 6.8 clocks there, where 4 x 3 vectors, step by step, took 7.2, and 6 x 2 so 7.8.
#ifdef __x86_64__
#define NAMEPLATE_TARGET __attribute__((target("avx2,fma")))

#include "cpu/tile_kernel.h"
#include "cpu/tile_sets.h"

namespace nameplate::cpu {

constinit const Fp32Tile avx2Fp32 = tileOf<Plain<float, 32>, 6, 2, 4>("AVX2");
constinit const Fp64Tile avx2Fp64 = tileOf<Plain<double, 32>, 6, 2, 4>("AVX2");

}  // namespace nameplate::cpu
#endif
