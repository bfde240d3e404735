// 32 registers of 64 bytes: 24 hold sums, 3 a step of b, 1 an element of a.
#ifdef __x86_64__
#define NAMEPLATE_TARGET __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,fma")))

#include "cpu/tile_kernel.h"
#include "cpu/tile_sets.h"

namespace nameplate::cpu {

constinit const Fp32Tile avx512Fp32 = tileOf<Plain<float, 64>, 8>("AVX-512");
constinit const Fp64Tile avx512Fp64 = tileOf<Plain<double, 64>, 8>("AVX-512");

}  // namespace nameplate::cpu
#endif
