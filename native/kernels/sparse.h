// What the sparse kernels, those who launch them and those who pack their operands agree on.
//
// A has 2:4 structured sparsity: of four neighbours in a row (two in tf32) at most half are not zero. It
// comes compressed, M x K/2, with metadata that tells where in its group each kept element stood: for each 16
// rows and each block of K one word for each lane of a warp, as the instruction wants it.
#pragma once

#include "kernels/parameters.h"

namespace nameplate {

// K and the tile count elements of A as it was; lda counts kept elements.
struct SparseGemmParameters {
  GemmParameters gemm;
  const void* metadata;
};

inline constexpr unsigned sparseRows = 16, sparseWords = 32;  // of a block of metadata

// Elements of K that a block of metadata tells of, in 128 bytes of A: one instruction's of 8 bits, two of 16
// and of tf32, one of which has its words in lanes 0 and 1 of every four (selector 0), the other in lanes 2
// and 3.
constexpr unsigned sparseBlockOfK(unsigned elementBytes) {
  return elementBytes == 4 ? 32 : 64;
}

// K of a step, 128 bytes of B: the kernels take whole ones.
constexpr unsigned sparseStepOfK(unsigned elementBytes) {
  return 128 / elementBytes;
}

// A stage has rows of 64 bytes of compressed A, of 128 of B, and the metadata.
constexpr unsigned sparseMetadataBytes(unsigned m, unsigned elementBytes) {
  return m / sparseRows * (sparseStepOfK(elementBytes) / sparseBlockOfK(elementBytes)) * sparseWords * 4;
}
template <unsigned m, unsigned n, unsigned warpM, unsigned warpN, unsigned stages, unsigned elementBytes>
inline constexpr GemmTile sparseTile{m, n, m / warpM * (n / warpN) * 32,
                                     (m * 64 + n * 128 + sparseMetadataBytes(m, elementBytes)) * stages};

// kernel(format, elementBytes, m, n, warpM, warpN, stages, blocks): `blocks` thread blocks are to fit on a
// multiprocessor together. The large tile asks least of the shared memory, and takes 108 KiB of it, which
// compute capability 8.0, 9.0 and 10.0 have.
// clang-format off
#define NAMEPLATE_SPARSE_LARGE_KERNELS(kernel)   \
  kernel(bf16, 2, 256, 128, 64, 64, 3, 1)        \
  kernel(fp16, 2, 256, 128, 64, 64, 3, 1)        \
  kernel(tf32, 4, 256, 128, 64, 64, 3, 1)        \
  kernel(int8, 1, 256, 128, 64, 64, 3, 1)
#define NAMEPLATE_SPARSE_TILES(kernel, format, bytes) \
  kernel(format, bytes, 128, 128, 64, 64, 3, 2)       \
  kernel(format, bytes, 64, 64, 32, 32, 4, 2)
#define NAMEPLATE_SPARSE_KERNELS(kernel)   \
  NAMEPLATE_SPARSE_TILES(kernel, bf16, 2)  \
  NAMEPLATE_SPARSE_TILES(kernel, fp16, 2)  \
  NAMEPLATE_SPARSE_TILES(kernel, tf32, 4)  \
  NAMEPLATE_SPARSE_TILES(kernel, int8, 1)
// FP8 where it is native.
#define NAMEPLATE_SPARSE_FP8_KERNELS(kernel) NAMEPLATE_SPARSE_TILES(kernel, fp8e4m3_fast, 1)
// clang-format on

}  // namespace nameplate
