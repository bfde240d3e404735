// What the sparse wgmma kernels and those who launch them agree on: wgmma.h's tiles and arguments, and the
// metadata of sparse.h.
#pragma once

#include "kernels/sparse.h"
#include "kernels/wgmma.h"

namespace nameplate {

// Columns and steps of `product.a` are those of compressed A. Metadata comes in `down` x `across` blocks.
struct SparseWgmmaParameters {
  WgmmaParameters product;
  const unsigned* metadata;
  unsigned down, across;
};

template <unsigned tileM, unsigned tileN, unsigned stages, unsigned clusterM, unsigned clusterN>
inline constexpr WgmmaTile sparseWgmmaTile{
    .m = tileM, .n = tileN, .stages = stages, .clusterM = clusterM, .clusterN = clusterN, .partsOfB = 2};

// kernel(format, m, n, stages, clusterM, clusterN). 256 x 192, the best of the dense ones where shared memory
// limits, is out of reach: beside 192 registers of sums those of the metadata are spilled.
// clang-format off
#define NAMEPLATE_SPARSE_WGMMA_TILES(kernel, format) \
  kernel(format, 128, 256, 2, 2, 1)                  \
  kernel(format, 256, 128, 3, 1, 2)                  \
  kernel(format, 128, 128, 4, 2, 1)                  \
  kernel(format, 128, 64, 6, 1, 1)                   \
  kernel(format, 64, 128, 5, 1, 1)
#define NAMEPLATE_SPARSE_WGMMA_KERNELS(kernel) \
  NAMEPLATE_SPARSE_WGMMA_TILES(kernel, bf16)   \
  NAMEPLATE_SPARSE_WGMMA_TILES(kernel, fp16)   \
  NAMEPLATE_SPARSE_WGMMA_TILES(kernel, tf32)   \
  NAMEPLATE_SPARSE_WGMMA_TILES(kernel, int8)   \
  NAMEPLATE_SPARSE_WGMMA_TILES(kernel, fp8e4m3_fast)
// clang-format on

}  // namespace nameplate
