// One thread block's tile of a product by mma.sync: mma.cu tells how, for all formats.
#pragma once

#include "kernels/mma_format.h"
#include "kernels/pipeline.h"

namespace nameplate {
namespace {

template <typename Kind, GemmTile tile, unsigned warpM, unsigned warpN>
struct Gemm {
  static constexpr unsigned countM = warpM / fragmentM, countN = warpN / fragmentN, warpsN = tile.n / warpN;
  static constexpr unsigned elements = slabBytes / Kind::elementBytes;
  static_assert(tile.m / warpM * warpsN * lanes == tile.threads && countN % 2 == 0);

  using Sums = typename Kind::Sums;
  using Layout = StageLayout<mmaChunks, mmaChunks>;

  static __device__ __forceinline__ void run(const GemmParameters& p) {
    const Corner at = corner<tile.m, tile.n>(p.m, p.n);
    const unsigned warp = threadIdx.x / lanes, lane = threadIdx.x % lanes;
    const unsigned row = warp / warpsN * warpM, column = warp % warpsN * warpN;
    // The row of a matrix that this lane tells ldmatrix of: of A the matrices lie below each other first, of
    // B beside each other in K.
    const unsigned rowOfA = row + lane % 16, rowOfB = column + lane / 16 * 8 + lane % 8;
    const unsigned atA = sharedStart() + (rowOfA * mmaChunks + placeOf(rowOfA, lane / 16)) * chunkBytes;
    const unsigned atB =
        sharedStart() + ((tile.m + rowOfB) * mmaChunks + placeOf(rowOfB, lane / 8 % 2)) * chunkBytes;

    Words<4> a[2][countM];
    Words<2> b[2][countN];
    Sums sum[countM][countN] = {};
    Sums partial[countM][countN] = {};
    unsigned done = 0;  // slabs

    Pipeline<Bits<Kind::elementBytes>, tile, Layout> pipeline(p, at, placeOf);
    const auto load = [&](unsigned stage, unsigned slab, unsigned to) {
#pragma unroll
      for (unsigned i = 0; i < countM; ++i)
        loadMatrices(a[to][i], ((atA + stage * chunkBytes) ^ slab * slabBytes) + i * fragmentM * rowBytes);
#pragma unroll
      for (unsigned j = 0; j < countN; j += 2) {
        Words<4> both;
        loadMatrices(both, ((atB + stage * chunkBytes) ^ slab * slabBytes) + j * fragmentN * rowBytes);
#pragma unroll
        for (unsigned e = 0; e < 4; ++e) b[to][j + e / 2][e % 2] = both[e];
      }
    };
    const auto multiply = [&](unsigned from) {
#pragma unroll
      for (unsigned i = 0; i < countM; ++i)
#pragma unroll
        for (unsigned j = 0; j < countN; ++j)
          Kind::Instruction::multiplyAdd(Kind::promotes ? partial[i][j] : sum[i][j], a[from][i], b[from][j]);
      if constexpr (Kind::promotes)
        if (++done % (128 / elements) == 0) promote(sum, partial);
    };
#if NAMEPLATE_TARGET >= 80
    pipeline.template runAhead<slabs, 0>(
        load, [&](unsigned, unsigned, unsigned from) { multiply(from); }, [](unsigned, unsigned) {});
#else
    pipeline.run([&](unsigned stage, auto) {
      load(stage, 0, 0);
#pragma unroll
      for (unsigned slab = 0; slab < slabs; ++slab) {
        if (slab + 1 < slabs) load(stage, slab + 1, (slab + 1) % 2);
        multiply(slab % 2);
      }
    });
#endif
    if constexpr (Kind::promotes) promote(sum, partial);
    storeSums<Kind>(p, at.row + row + lane / 4, at.column + column + lane % 4 * 2, sum);
  }

  static __device__ __forceinline__ void promote(Sums (&sum)[countM][countN],
                                                 Sums (&partial)[countM][countN]) {
#pragma unroll
    for (unsigned i = 0; i < countM; ++i)
#pragma unroll
      for (unsigned j = 0; j < countN; ++j)
#pragma unroll
        for (unsigned e = 0; e < std::extent_v<Sums>; ++e) {
          sum[i][j][e] += partial[i][j][e];
          partial[i][j][e] = 0;
        }
  }
};

}  // namespace
}  // namespace nameplate
