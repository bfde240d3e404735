// One thread block's part of a product by wgmma.sp. wgmma_gemm.h's producer, turns and way to C serve it as
// they are; here is how a consumer multiplies.
#pragma once

#include "kernels/sparse_wgmma.h"
#include "kernels/sparse_wgmma_instruction.h"
#include "kernels/wgmma_gemm.h"

namespace nameplate {
namespace {

namespace sparse {
using bf16 = Format<SparseBf16, float, 4, 2, Output::bf16>;
using fp16 = Format<SparseFp16, float, 4, 2, Output::fp16>;
using tf32 = Format<SparseTf32, float, 4, 4, Output::words>;
using int8 = Format<SparseInt8, int, 4, 1, Output::words>;
using fp8e4m3_fast = Format<SparseFp8E4m3, float, 4, 1, Output::bf16>;
}  // namespace sparse

template <typename Kind, WgmmaTile tile>
struct SparseWgmmaGemm {
  using Product = Gemm<Kind, tile>;
  using Sum = typename Product::Sum;
  using Sums = typename Product::Sums;
  using Turn = typename Product::Turn;
  static constexpr unsigned pieces = Product::pieces, stages = Product::stages;
  // Blocks of metadata for a stage's K, and multiplies of each: more than one have a selector each.
  static constexpr unsigned blocks =
      tile.partsOfB * Product::elementsPerRow / sparseBlockOfK(Kind::elementBytes);
  static constexpr unsigned perBlock = multiplies / blocks;
  static constexpr unsigned perPartOfB = multiplies / tile.partsOfB;
  static constexpr unsigned stepOfB = stepBytes * tile.partsOfB;

  const SparseWgmmaParameters& p;
  const Product product;

  using Words = unsigned[pieces][blocks];  // a thread's, for a stage

  // Where the thread's words of each piece of its rows begin, for a turn.
  struct Metadata {
    const unsigned* of[pieces];
    unsigned last;  // block of K, from there on

    // Pieces that lie below C have the words of its last rows.
    __device__ __forceinline__ Metadata(const SparseWgmmaParameters& p, unsigned row, unsigned firstStep,
                                        unsigned thread)
        : last(p.across - 1 - firstStep * blocks) {
#pragma unroll
      for (unsigned piece = 0; piece < pieces; ++piece) {
        const unsigned wanted = (row + piece * pieceRows) / sparseRows + thread / 32;
        const unsigned block = wanted < p.down ? wanted : p.down - 1;
        of[piece] = p.metadata +
                    (static_cast<unsigned long long>(block) * p.across + firstStep * blocks) * sparseWords +
                    thread % sparseWords;
      }
    }

    // The words of a step of the turn. Of what lies behind K, where A and B are zeros, those of its last
    // block.
    __device__ __forceinline__ void fetchStep(Words& words, unsigned step) const {
#pragma unroll
      for (unsigned i = 0; i < blocks; ++i) {
        const unsigned wanted = step * blocks + i;
        const unsigned long long at = (wanted < last ? wanted : last) * 1ull * sparseWords;
#pragma unroll
        for (unsigned piece = 0; piece < pieces; ++piece) words[piece][i] = fetch(of[piece] + at);
      }
    }
  };

  // Begins sums (+)= a stage, for one piece of rows.
  static __device__ __forceinline__ void multiply(Sum (&sums)[Product::sumsPerPiece], unsigned a, unsigned b,
                                                  const unsigned (&words)[blocks], bool accumulate) {
    fenceSums();
    multiplyFrom<0>(sums, a, b, words, accumulate);
    commitMultiplies();
  }

  // Multiply number i and those behind it: which lanes' words count is a part of the instruction.
  template <unsigned i>
  static __device__ __forceinline__ void multiplyFrom(Sum (&sums)[Product::sumsPerPiece], unsigned a,
                                                      unsigned b, const unsigned (&words)[blocks],
                                                      bool accumulate) {
    if constexpr (i < multiplies) {
      const unsigned atB = b + i / perPartOfB * tile.n * rowBytes + i % perPartOfB * stepOfB;
      Kind::Instruction::template multiplyAdd<i % perBlock>(sums, Product::descriptor(a + i * stepBytes),
                                                            Product::descriptor(atB), accumulate || i > 0,
                                                            words[i / perBlock]);
      multiplyFrom<i + 1>(sums, a, b, words, accumulate);
    }
  }

  // As Gemm's sum. A step's metadata is fetched when its predecessor's multiplies are under way, into the
  // registers of those before, which are over.
  __device__ __forceinline__ void sum(Sums& sums, Ring<stages>& at, const Turn& turn, unsigned firstRow,
                                      unsigned thread) const {
    if (turn.steps == 0) return;
    const Metadata metadata(p, turn.row + firstRow, turn.firstStep, thread);
    Words words[2];
    metadata.fetchStep(words[0], 0);
    unsigned last = 0;
#pragma unroll 1
    for (unsigned step = 0; step < turn.steps; step += 2)
#pragma unroll
      for (unsigned odd = 0; odd < 2; ++odd) {
        if (step + odd == turn.steps) break;
        waitFor(product.filled(at.stage), at.parity);
#pragma unroll
        for (unsigned piece = 0; piece < pieces; ++piece)
          multiply(sums[piece], product.aAt(at.stage) + (firstRow + piece * pieceRows) * rowBytes,
                   product.bAt(at.stage), words[odd][piece], step + odd > 0);
        waitForMultiplies<pieces>();
        metadata.fetchStep(words[1 - odd], step + odd + 1);
        if (step + odd > 0) product.release(last, step + odd, turn.steps, thread);
        last = at.stage;
        at.advance();
      }
    waitForMultiplies<0>();
    product.release(last, turn.steps, turn.steps, thread);
  }

  __device__ __forceinline__ void run() const {
    product.runBy([&](Sums& sums, Ring<stages>& at, const Turn& turn, unsigned firstRow, unsigned thread) {
      sum(sums, at, turn, firstRow, thread);
    });
  }
};

}  // namespace
}  // namespace nameplate
