// The way up to wgmma.cu's bf16 kernel: kernels that lack, step by step, what makes it fast. sm_90a alone.
//
// Compiled and run by the emulation of its instructions; not yet run on a GPU. No run chooses one of these:
// bench/gpu-ladder.mjs asks for each by its name, verifies it, times it, and has what it should reach.
//
//   1  64 x 64 tiles, one warpgroup, which loads a stage, waits for it, multiplies it, and waits again
//   2  the same, 128 x 128
//   3  a warpgroup that loads, and five stages
//   4  128 x 256, two consumers, and registers shared out anew
//   5  blocks that stay, and walk through groups of eight rows of tiles
//   6  one arrival for a warpgroup, not 128, and one step's multiplies running while the next are begun
//   7  clusters of two that share B
//   8  C by stmatrix and the copy engine, and the fourth stage
//   9  one consumer a step ahead of the other: gemm_wgmma_bf16_128x256_2x1
//
// Published ladders go from the barriers of the C++ library to bare ones between 5 and 6. Here all are bare,
// so 4 and 5 may come out above what those ladders let one expect, and 6 give less.
//
// As compiled: 58, 154 and 158 registers in 1, 2 and 3, and 168 at the start of the others; none spilled.
#include "kernels/ladder.h"

#include "kernels/wgmma_gemm.h"

namespace nameplate {
namespace {

// A piece's sums to C, two neighbours at a time: four lanes fill half of a sector of 32 bytes.
template <unsigned count>
__device__ __forceinline__ void storePlainly(const LadderParameters& p, const float (&sums)[count],
                                             unsigned firstRow, unsigned firstColumn, unsigned thread) {
#pragma unroll
  for (unsigned eight = 0; eight < count / 4; ++eight)
#pragma unroll
    for (unsigned half = 0; half < 2; ++half) {
      const unsigned long long row = firstRow + thread / 32 * 16 + half * 8 + thread % 32 / 4;
      const unsigned long long column = firstColumn + eight * 8 + thread % 4 * 2;
      if (row >= p.rows || column >= p.columns) continue;
      const unsigned pair = packed<bf16>(sums, eight, half);
      auto* const to = static_cast<unsigned short*>(p.c) + row * p.ldc + column;
      if (column + 1 < p.columns)
        *reinterpret_cast<unsigned*>(to) = pair;
      else
        *to = static_cast<unsigned short>(pair);
    }
}

template <LadderStep step>
struct Ladder {
  using Product = Gemm<bf16, step.tile>;
  using Turn = typename Product::Turn;
  using Sums = typename Product::Sums;
  static constexpr unsigned pieces = Product::pieces, stages = step.tile.stages;

  const LadderParameters& p;
  const Product product;

  __device__ __forceinline__ void multiply(Sums& sums, unsigned a, unsigned b, bool accumulate) const {
#pragma unroll
    for (unsigned piece = 0; piece < pieces; ++piece)
      Product::multiply(sums[piece], a + piece * pieceRows * rowBytes, b, accumulate);
  }

  __device__ __forceinline__ void storeSums(Sums& sums, unsigned row, unsigned column,
                                            unsigned thread) const {
#pragma unroll
    for (unsigned piece = 0; piece < pieces; ++piece) {
      settle(sums[piece]);
      storePlainly(p, sums[piece], row + piece * pieceRows, column, thread);
    }
  }

  // One warpgroup does all of it.
  __device__ __forceinline__ void alone() const {
    Ring<stages> at;
    product.forEachTurn([&](const Turn& turn) {
      Sums sums;
      if (turn.steps == 0) Product::clear(sums);
#pragma unroll 1
      for (unsigned k = 0; k < turn.steps; ++k) {
        if (threadIdx.x == 0) product.fillStage(at.stage, k, turn);
        waitFor(product.filled(at.stage), at.parity);
        multiply(sums, product.aAt(at.stage), product.bAt(at.stage), k > 0);
        waitForMultiplies<0>();
        syncWarpgroup(1);
        at.advance();
      }
      storeSums(sums, turn.row, turn.column, threadIdx.x);
    });
  }

  // Every thread says that it is through with a stage, and begins nothing before it is.
  __device__ __forceinline__ void sum(Sums& sums, Ring<stages>& at, unsigned steps, unsigned a) const {
#pragma unroll 1
    for (unsigned k = 0; k < steps; ++k) {
      waitFor(product.filled(at.stage), at.parity);
      multiply(sums, product.aAt(at.stage) + a, product.bAt(at.stage), k > 0);
      waitForMultiplies<0>();
      arriveAt(product.empty(at.stage), product.rank);
      at.advance();
    }
  }

  __device__ __forceinline__ void consume(unsigned consumer, unsigned thread) const {
    const unsigned firstRow = consumer * pieces * pieceRows;
    Ring<stages> at;
    product.forEachTurn([&](const Turn& turn) {
      Sums sums;
      if (turn.steps == 0) Product::clear(sums);
      if constexpr (step.overlaps)
        product.sum(sums, at, turn.steps, firstRow * rowBytes, thread);
      else
        sum(sums, at, turn.steps, firstRow * rowBytes);
      storeSums(sums, turn.row + firstRow, turn.column, thread);
    });
  }

  __device__ __forceinline__ void run() const {
    constexpr unsigned arrivals = step.overlaps ? 1 : WgmmaTile::warpgroup;  // of a consumer
    product.begin(step.tile.consumers * Product::cluster * arrivals);
    const unsigned warpgroup = threadIdx.x / WgmmaTile::warpgroup;
    if constexpr (!step.producer) {
      alone();
    } else if (warpgroup == 0) {
      if constexpr (step.tile.consumers > 1) keepRegisters<producerRegisters>();
      if (threadIdx.x == 0) product.produce();
    } else {
      if constexpr (step.tile.consumers > 1) takeRegisters<consumerRegisters>();
      consume(warpgroup - 1, threadIdx.x % WgmmaTile::warpgroup);
    }
    Product::end();
  }
};

template <LadderStep step>
__device__ __forceinline__ void climb(const LadderParameters& p) {
  const Gemm<bf16, step.tile> product{p.product, sharedMemory(), rankInCluster()};
  if constexpr (step.copies)
    product.run();
  else
    Ladder<step>{p, product}.run();
}

}  // namespace

#define NAMEPLATE_KERNEL(number)                                                       \
  extern "C" __global__ void __cluster_dims__(ladder[number - 1].tile.cluster(), 1, 1) \
      __launch_bounds__(ladder[number - 1].threads(), 1)                               \
          gemm_ladder_bf16_##number(const __grid_constant__ LadderParameters p) {      \
    climb<ladder[number - 1]>(p);                                                      \
  }
NAMEPLATE_LADDER(NAMEPLATE_KERNEL)

}  // namespace nameplate
