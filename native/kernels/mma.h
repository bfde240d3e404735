// What the mma kernels and those who launch them agree on: the tiles, and the table of kernels.
// gemm_mma_bf16_128x256_64x64 computes 128 x 256 tiles of C, each warp 64 x 64 of one.
#pragma once

#include "kernels/parameters.h"

namespace nameplate {

// Stages of rows of 64 bytes of K.
inline constexpr unsigned mmaChunks = 4;
template <unsigned m, unsigned n, unsigned warpM, unsigned warpN, unsigned stages>
inline constexpr GemmTile mmaTile{m, n, m / warpM * (n / warpN) * 32, (m + n) * mmaChunks * 16 * stages};

// kernel(format, m, n, warpM, warpN, stages, blocks): `blocks` thread blocks are to fit on a multiprocessor
// together. The large tiles fill 96 of the 100 KiB of shared memory that one has outside compute
// capability 8.0 and 9.0. Two blocks of 128 x 128 cover each other's barriers; the small ones are for a C
// that would leave most of the device idle. Promoted FP8 has a second set of sums, so that a warp of 64 x 64
// is out of reach.
//
// FP8 is there from compute capability 8.9 on. Where the instruction is not native, the conversions in its
// place take so many registers that only the small tile is left.
// clang-format off
#define NAMEPLATE_MMA_LARGE_TILES(kernel, format) \
  kernel(format, 128, 256, 64, 64, 4, 1)          \
  kernel(format, 256, 128, 64, 64, 4, 1)          \
  kernel(format, 128, 128, 64, 64, 3, 2)
#define NAMEPLATE_MMA_TILES(kernel, format)       \
  NAMEPLATE_MMA_LARGE_TILES(kernel, format)       \
  kernel(format, 64, 64, 32, 32, 4, 3)
#define NAMEPLATE_MMA_KERNELS(kernel)     \
  NAMEPLATE_MMA_TILES(kernel, bf16)       \
  NAMEPLATE_MMA_TILES(kernel, fp16)       \
  NAMEPLATE_MMA_TILES(kernel, fp16_acc16) \
  NAMEPLATE_MMA_TILES(kernel, tf32)       \
  NAMEPLATE_MMA_TILES(kernel, int8)
// Turing, whose rows wait in registers on their way to one of two stages.
#define NAMEPLATE_MMA_TURING_TILES(kernel, format) \
  kernel(format, 128, 128, 64, 32, 2, 1)           \
  kernel(format, 64, 64, 32, 32, 2, 2)
#define NAMEPLATE_MMA_TURING_KERNELS(kernel)     \
  NAMEPLATE_MMA_TURING_TILES(kernel, fp16)       \
  NAMEPLATE_MMA_TURING_TILES(kernel, fp16_acc16) \
  NAMEPLATE_MMA_TURING_TILES(kernel, int8)
#define NAMEPLATE_MMA_NATIVE_FP8_KERNELS(kernel)  \
  kernel(fp8e4m3, 128, 128, 64, 32, 4, 1)         \
  NAMEPLATE_MMA_LARGE_TILES(kernel, fp8e4m3_fast) \
  kernel(fp8e5m2, 128, 128, 64, 32, 4, 1)         \
  NAMEPLATE_MMA_LARGE_TILES(kernel, fp8e5m2_fast)
#define NAMEPLATE_MMA_FP8_KERNELS(kernel)       \
  kernel(fp8e4m3, 64, 64, 32, 32, 4, 2)         \
  kernel(fp8e4m3_fast, 64, 64, 32, 32, 4, 2)    \
  kernel(fp8e5m2, 64, 64, 32, 32, 4, 2)         \
  kernel(fp8e5m2_fast, 64, 64, 32, 32, 4, 2)
// clang-format on

}  // namespace nameplate
