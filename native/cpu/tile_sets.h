// The tiles that tile_*.cc define, one file per instruction set.
#pragma once

#include "cpu/tile.h"

namespace nameplate::cpu {

extern const Fp32Tile baselineFp32;
extern const Fp64Tile baselineFp64;
#ifdef __x86_64__
extern const Fp32Tile avxFp32, avx2Fp32, avx512Fp32;
extern const Fp64Tile avxFp64, avx2Fp64, avx512Fp64;
extern const Bf16Tile avx512Bf16;
extern const Int8Tile avxVnniInt8, avx512Int8;
#endif

}  // namespace nameplate::cpu
