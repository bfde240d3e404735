// A product by wgmma: the consumers of a thread block. wgmma.cu tells what they and the producer do together,
// and ladder.cu has kernels of the steps before.
#pragma once

#include "kernels/split_k.h"
#include "kernels/wgmma_block.h"

namespace nameplate {
namespace {

constexpr unsigned slotBytes = WgmmaTile::slotBytes, pieceRows = WgmmaTile::pieceRows;
constexpr unsigned stepBytes = 32;                     // of K, that one multiply takes
constexpr unsigned multiplies = rowBytes / stepBytes;  // of a stage
constexpr unsigned producerRegisters = 40, consumerRegisters = 232;

template <typename FormatType, WgmmaTile tile>
struct Gemm : WgmmaBlock<FormatType, tile> {
  using Kind = FormatType;
  using Sum = typename Kind::Sum;
  using Block = WgmmaBlock<Kind, tile>;
  using Turn = typename Block::Turn;
  using Block::aAt, Block::bAt, Block::filled, Block::empty, Block::ahead;
  using Block::p, Block::memory, Block::rank, Block::stages, Block::cluster;
  static constexpr unsigned pieces = tile.m / (tile.consumers * pieceRows);  // of a consumer
  static constexpr unsigned sumsPerPiece = tile.n / 8 * Kind::perEight;
  using Sums = Sum[pieces][sumsPerPiece];

  // What wgmma wants to know of an operand at `address`: 128-byte swizzle, 1024 bytes from eight rows to the
  // next eight, all in units of 16 bytes. The other stride has no meaning with a swizzle that K does not
  // leave.
  static __device__ __forceinline__ unsigned long long descriptor(unsigned address) {
    return 1ull << 62 | 1024ull / 16 << 32 | 1ull << 16 | (address & 0x3ffff) / 16;
  }

  static __device__ __forceinline__ void clear(Sums& sums) {
#pragma unroll
    for (unsigned i = 0; i < pieces * sumsPerPiece; ++i) sums[i / sumsPerPiece][i % sumsPerPiece] = 0;
  }

  // Begins sums (+)= the 128 bytes of K in a stage, for one piece of rows.
  static __device__ __forceinline__ void multiply(Sum (&sums)[sumsPerPiece], unsigned a, unsigned b,
                                                  bool accumulate) {
    fenceSums();
#pragma unroll
    for (unsigned i = 0; i < multiplies; ++i)
      Kind::Instruction::multiplyAdd(sums, descriptor(a + i * stepBytes), descriptor(b + i * stepBytes),
                                     accumulate || i > 0);
    commitMultiplies();
  }

  // Whether the first consumer keeps ahead in a turn of so many steps. Where the ring holds more than a turn,
  // it could come two turns ahead, and the second would miss one of two phases.
  static __device__ __forceinline__ bool leads(unsigned steps) { return tile.lead > 0 && steps >= stages; }

  // Tells every block that fills this stage that this consumer is through with it, as the `done`th of its
  // turn: one thread for each. It speaks for four warps, though it has waited in its own only: they multiply
  // as one. CUTLASS's multicast pipelines do so too (PipelineTmaAsync); one arrival of each warp would be the
  // cautious form.
  __device__ __forceinline__ void release(unsigned stage, unsigned done, unsigned steps,
                                          unsigned thread) const {
    if (thread < cluster) arriveAt(empty(stage), thread);
    if (leads(steps) && done == tile.lead && threadIdx.x == WgmmaTile::warpgroup) arriveAt(ahead(), rank);
  }

  // The sums of a tile, straight: one step's multiplies run while the next are begun.
  __device__ __forceinline__ void sum(Sums& sums, Ring<stages>& at, unsigned steps, unsigned a,
                                      unsigned thread) const {
    unsigned last = 0;
#pragma unroll 1
    for (unsigned step = 0; step < steps; ++step) {
      waitFor(filled(at.stage), at.parity);
#pragma unroll
      for (unsigned piece = 0; piece < pieces; ++piece)
        multiply(sums[piece], aAt(at.stage) + a + piece * pieceRows * rowBytes, bAt(at.stage), step > 0);
      waitForMultiplies<pieces>();
      if (step > 0) release(last, step, steps, thread);
      last = at.stage;
      at.advance();
    }
    waitForMultiplies<0>();
    if (steps > 0) release(last, steps, steps, thread);
  }

  // The sums of a tile, promoted: the other consumer's multiplies run during the additions.
  __device__ __forceinline__ void sumPromoted(Sums& sums, Ring<stages>& at, unsigned steps, unsigned a,
                                              unsigned thread) const {
    Sum partial[sumsPerPiece];
#pragma unroll 1
    for (unsigned step = 0; step < steps; ++step) {
      waitFor(filled(at.stage), at.parity);
#pragma unroll
      for (unsigned piece = 0; piece < pieces; ++piece) {
        multiply(partial, aAt(at.stage) + a + piece * pieceRows * rowBytes, bAt(at.stage), false);
        waitForMultiplies<0>();
        if (piece + 1 == pieces) release(at.stage, step + 1, steps, thread);
        settle(partial);
#pragma unroll
        for (unsigned i = 0; i < sumsPerPiece; ++i) sums[piece][i] += partial[i];
      }
      at.advance();
    }
  }

  // Through two slots in turn, so that one is filled while the other leaves. `filling` goes on from tile to
  // tile.
  __device__ __forceinline__ void storeSums(const Sums& sums, unsigned row, unsigned firstColumn,
                                            unsigned consumer, unsigned thread, unsigned& filling) const {
    constexpr unsigned columns = rowBytes / Kind::outputBytes;
#pragma unroll
    for (unsigned piece = 0; piece < pieces; ++piece)
#pragma unroll
      for (unsigned column = 0; column < tile.n; column += columns) {
        const unsigned slot =
            memory + Block::slotsAt + (consumer * tile.slotsPerConsumer + filling % 2) * slotBytes;
        if (thread == 0) waitForStoresToRead<1>();
        syncWarpgroup(1 + consumer);
        fillSlot<Kind>(slot, sums[piece] + column / 8 * Kind::perEight, thread);
        fenceForCopyEngine();
        syncWarpgroup(1 + consumer);
        if (thread == 0) {
          store(p.c, firstColumn + column, row + piece * pieceRows, slot);
          commitStores();
        }
        ++filling;
      }
  }

  // The sums of a tile's turn, of this consumer's rows, which begin with `firstRow` of the tile.
  __device__ __forceinline__ void sumTurn(Sums& sums, Ring<stages>& at, const Turn& turn, unsigned firstRow,
                                          unsigned thread) const {
    if constexpr (Kind::promotes)
      sumPromoted(sums, at, turn.steps, firstRow * rowBytes, thread);
    else
      sum(sums, at, turn.steps, firstRow * rowBytes, thread);
  }

  template <typename SumTurn>
  __device__ __forceinline__ void consume(unsigned consumer, unsigned thread, SumTurn sumTurn) const {
    const unsigned firstRow = consumer * pieces * pieceRows;
    Ring<stages> at;
    unsigned filling = 0, parity = 0;
    this->forEachTurn([&](const Turn& turn) {
      Sums sums;
      if (Kind::promotes || turn.steps == 0) clear(sums);
      if (consumer > 0 && leads(turn.steps)) {
        waitFor(ahead(), parity);
        parity ^= 1;
      }
      sumTurn(sums, at, turn, firstRow, thread);
#pragma unroll
      for (unsigned piece = 0; piece < pieces; ++piece) settle(sums[piece]);
      if (p.parts > 1) {
        const unsigned place = (turn.index / p.parts * cluster + rank) * tile.consumers + consumer;
        if (!gatherParts(sums, p, place, turn.index % p.parts, 1 + consumer, thread)) return;
      }
      storeSums(sums, turn.row + firstRow, turn.column, consumer, thread, filling);
    });
    // The copy engine still reads the slots, which end with the block.
    if (thread == 0) waitForStoresToRead<0>();
  }

  __device__ __forceinline__ void run() const {
    runBy([&](Sums& sums, Ring<stages>& at, const Turn& turn, unsigned firstRow, unsigned thread) {
      sumTurn(sums, at, turn, firstRow, thread);
    });
  }

  // With sumTurn(sums, ring, turn, firstRow, thread) for the multiplies.
  template <typename SumTurn>
  __device__ __forceinline__ void runBy(SumTurn sumTurn) const {
    this->begin(tile.consumers * cluster);
    const unsigned warpgroup = threadIdx.x / WgmmaTile::warpgroup;
    // With one consumer there are enough registers for each thread to have 255.
    constexpr bool sharesOut = tile.consumers > 1;
    if (warpgroup == 0) {
      if constexpr (sharesOut) keepRegisters<producerRegisters>();
      if (threadIdx.x == 0) this->produce();
    } else {
      if constexpr (sharesOut) takeRegisters<consumerRegisters>();
      consume(warpgroup - 1, threadIdx.x % WgmmaTile::warpgroup, sumTurn);
    }
    this->end();
  }
};

}  // namespace
}  // namespace nameplate
