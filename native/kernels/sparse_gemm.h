// One thread block's tile of a product by mma.sp: sparse.cu tells how, for all formats.
#pragma once

#include "kernels/mma_format.h"
#include "kernels/pipeline.h"
#include "kernels/sparse.h"
#include "kernels/sparse_instruction.h"

namespace nameplate {
namespace {

namespace sparse {
using bf16 = Format<SparseBf16, float, 4, 2, __nv_bfloat16>;
using fp16 = Format<SparseFp16, float, 4, 2, __half>;
using tf32 = Format<SparseTf32, float, 4, 4, float>;
using int8 = Format<SparseInt8, int, 4, 1, int>;
using fp8e4m3_fast = Format<SparseFp8E4m3, float, 4, 1, __nv_bfloat16>;
}  // namespace sparse

template <typename Kind, GemmTile tile, unsigned warpM, unsigned warpN>
struct SparseGemm {
  static constexpr unsigned countM = warpM / fragmentM, countN = warpN / fragmentN, warpsN = tile.n / warpN;
  static constexpr unsigned bytes = Kind::elementBytes, blockBytes = sparseWords * 4;
  static constexpr unsigned blockOfK = sparseBlockOfK(bytes);
  static constexpr unsigned blocks = sparseStepOfK(bytes) / blockOfK;  // of metadata, a step
  static constexpr unsigned behind = sparseMetadataBytes(tile.m, bytes) / chunkBytes;
  static constexpr unsigned metadataAt = (tile.m + 2 * tile.n) * rowBytes;  // in a stage
  static_assert(tile.m / warpM * warpsN * lanes == tile.threads && behind <= tile.threads);

  using Sums = typename Kind::Sums;
  using Layout = StageLayout<mmaChunks, mmaChunks, 2, behind>;

  static __device__ __forceinline__ void run(const SparseGemmParameters& sparse) {
    const GemmParameters& p = sparse.gemm;
    const Corner at = corner<tile.m, tile.n>(p.m, p.n);
    const unsigned warp = threadIdx.x / lanes, lane = threadIdx.x % lanes;
    const unsigned row = warp / warpsN * warpM, column = warp % warpsN * warpN;
    // The row of a matrix that this lane tells ldmatrix of: of A the matrices lie below each other first, of
    // B all beside each other in K.
    const unsigned rowOfA = row + lane % 16, rowOfB = column + lane % 8;
    const unsigned atA = sharedStart() + (rowOfA * mmaChunks + placeOf(rowOfA, lane / 16)) * chunkBytes;
    const unsigned atB =
        sharedStart() + ((tile.m + rowOfB) * mmaChunks + placeOf(rowOfB, lane / 8)) * chunkBytes;
    const unsigned atMetadata =
        sharedStart() + metadataAt + row / sparseRows * blocks * blockBytes + lane * 4;
    const auto loadB = [&](Words<4>& to, unsigned stage, unsigned slab, unsigned j) {
      loadMatrices(to, atB + stage * chunkBytes + (slab * tile.n + j * fragmentN) * rowBytes);
    };

    Words<4> a[2][countM];
    unsigned metadata[2][countM];
    Words<4> first[2];  // fragment of B; the others are brought while the one before is multiplied
    Sums sum[countM][countN] = {};

    Pipeline<Bits<bytes>, tile, Layout> pipeline(p, at, placeOf);
    pipeline.template runAhead<slabs, 1>(
        [&](unsigned stage, unsigned slab, unsigned to) {
#pragma unroll
          for (unsigned i = 0; i < countM; ++i) {
            loadMatrices(a[to][i],
                         ((atA + stage * chunkBytes) ^ slab * slabBytes) + i * fragmentM * rowBytes);
            metadata[to][i] =
                loadWord(atMetadata + stage * chunkBytes + (i * blocks + slab * blocks / slabs) * blockBytes);
          }
          loadB(first[to], stage, slab, 0);
        },
        [&](unsigned stage, unsigned slab, unsigned from) {
          Words<4> b[2];
#pragma unroll
          for (unsigned j = 0; j < countN; ++j) {
            if (j + 1 < countN) loadB(b[(j + 1) % 2], stage, slab, j + 1);
#pragma unroll
            for (unsigned i = 0; i < countM; ++i)
              multiplyAdd(slab, sum[i][j], a[from][i], j == 0 ? first[from] : b[j % 2], metadata[from][i]);
          }
        },
        [&](unsigned step, unsigned stage) { startMetadata(sparse, at.row, step, stage); });
    storeSums<Kind>(p, at.row + row + lane / 4, at.column + column + lane % 4 * 2, sum);
  }

  // Which lanes' words count is a part of the instruction, and of 8 bits all do.
  static __device__ __forceinline__ void multiplyAdd(unsigned slab, Sums& sum, const Words<4>& a,
                                                     const Words<4>& b, unsigned metadata) {
    if (blocks == slabs || slab == 0)
      Kind::Instruction::template multiplyAdd<0>(sum, a, b, metadata);
    else
      Kind::Instruction::template multiplyAdd<1>(sum, a, b, metadata);
  }

  // A thread copies a chunk. Below the last rows of A those are copied again.
  static __device__ __forceinline__ void startMetadata(const SparseGemmParameters& sparse,
                                                       unsigned long long row, unsigned step,
                                                       unsigned stage) {
    if (threadIdx.x >= behind) return;
    constexpr unsigned chunksOfRows = blocks * blockBytes / chunkBytes;  // of 16 rows of A
    const unsigned long long wanted = row / sparseRows + threadIdx.x / chunksOfRows;
    const unsigned long long last = (sparse.gemm.m - 1) / sparseRows;
    const unsigned long long perRows = sparse.gemm.k / blockOfK * (blockBytes / chunkBytes);
    startCopy(dynamicShared() + stage + metadataAt / chunkBytes + threadIdx.x,
              static_cast<const uint4*>(sparse.metadata) + (wanted < last ? wanted : last) * perRows +
                  step * chunksOfRows + threadIdx.x % chunksOfRows);
  }
};

}  // namespace
}  // namespace nameplate
