// Sandy and Ivy Bridge: the registers of AVX2, and products that are added by an instruction of their own,
// for which one of them is left.
#ifdef __x86_64__
#define NAMEPLATE_TARGET __attribute__((target("avx")))

#include "cpu/tile_kernel.h"
#include "cpu/tile_sets.h"

namespace nameplate::cpu {

constinit const Fp32Tile avxFp32 = tileOf<Plain<float, 32>, 6, 2>("AVX");
constinit const Fp64Tile avxFp64 = tileOf<Plain<double, 32>, 6, 2>("AVX");

}  // namespace nameplate::cpu
#endif
