// 16 registers of 32 bytes: 12 hold sums, 3 a step of b, 1 an element of a.
#ifdef __x86_64__
#define NAMEPLATE_TARGET __attribute__((target("avx2,fma")))

#include "cpu/tile_kernel.h"
#include "cpu/tile_sets.h"

namespace nameplate::cpu {

constinit const Fp32Tile avx2Fp32 = tileOf<Plain<float, 32>, 4>("AVX2");
constinit const Fp64Tile avx2Fp64 = tileOf<Plain<double, 32>, 4>("AVX2");

}  // namespace nameplate::cpu
#endif
