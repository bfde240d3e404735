// One thread block's part of a product: the roles of its warpgroups. wgmma.cu tells what they do together,
// and ladder.cu has kernels of the steps before.
#pragma once

#include "kernels/bulk_copy.h"
#include "kernels/hopper.h"
#include "kernels/split_k.h"
#include "kernels/wgmma.h"
#include "kernels/wgmma_format.h"

namespace nameplate {
namespace {

constexpr unsigned slotBytes = WgmmaTile::slotBytes, pieceRows = WgmmaTile::pieceRows;
constexpr unsigned stepBytes = 32;                     // of K, that one multiply takes
constexpr unsigned multiplies = rowBytes / stepBytes;  // of a stage
constexpr unsigned producerRegisters = 40, consumerRegisters = 232;

using bulk::Ring;

template <typename FormatType, WgmmaTile tile>
struct Gemm {
  using Kind = FormatType;
  using Sum = typename Kind::Sum;
  static constexpr unsigned stages = tile.stages, cluster = tile.cluster();
  static constexpr unsigned pieces = tile.m / (tile.consumers * pieceRows);  // of a consumer
  static constexpr unsigned sumsPerPiece = tile.n / 8 * Kind::perEight;
  static constexpr unsigned elementsPerRow = rowBytes / Kind::elementBytes;
  static constexpr unsigned stageBytes = tile.stageBytes(), slotsAt = tile.slotsAt(),
                            barriersAt = tile.barriersAt(), rowsOfA = tile.rowsOfA(),
                            rowsOfB = tile.rowsOfB();
  using Sums = Sum[pieces][sumsPerPiece];
  static_assert(tile.sharedBytes() <= 232448 && (tile.clusterM == 1 || tile.clusterN == 1));

  const WgmmaParameters& p;
  const unsigned memory, rank;

  __device__ __forceinline__ unsigned aAt(unsigned stage) const { return memory + stage * stageBytes; }
  __device__ __forceinline__ unsigned bAt(unsigned stage) const { return aAt(stage) + tile.m * rowBytes; }
  __device__ __forceinline__ unsigned filled(unsigned stage) const { return memory + barriersAt + stage * 8; }
  __device__ __forceinline__ unsigned empty(unsigned stage) const { return filled(stages + stage); }

  // --- which tile comes when ---

  struct Turn {
    unsigned row, column;       // of C, where the tile begins
    unsigned firstStep, steps;  // of K
    unsigned index;             // of the cluster's
  };

  // Of the cluster's turn number `index`, this thread block's. The parts of a tile follow each other, so that
  // they run at one time.
  __device__ __forceinline__ Turn turn(unsigned index) const {
    const unsigned part = index % p.parts, block = index / p.parts;
    const unsigned inGroup = p.group * p.across, first = block / inGroup * p.group;
    const unsigned height = p.down - first < p.group ? p.down - first : p.group;
    const unsigned row = first + block % inGroup % height, column = block % inGroup / height;
    const unsigned firstStep = part * p.stepsOfPart, left = p.steps - firstStep;
    return {(row * tile.clusterM + rank % tile.clusterM) * tile.m,
            (column * tile.clusterN + rank / tile.clusterM) * tile.n, firstStep,
            left < p.stepsOfPart ? left : p.stepsOfPart, index};
  }

  // Calls work(turn) for every turn of this thread block. Blocks of a cluster take the same number.
  template <typename Work>
  __device__ __forceinline__ void forEachTurn(Work work) const {
    const unsigned count = p.down * p.across * p.parts;
#pragma unroll 1
    for (unsigned index = blockIdx.x / cluster; index < count; index += gridDim.x / cluster)
      work(turn(index));
  }

  // --- the producer ---

  // Rows `row` and on of one operand: all `rows` of a tile where it is this block's own, else this block's
  // part of them, for the whole cluster.
  template <unsigned rows, unsigned rowsOfPart>
  __device__ __forceinline__ void fill(const TensorMap& map, unsigned to, unsigned x, unsigned row,
                                       unsigned barrier) const {
    if constexpr (rows == rowsOfPart) {
      load(to, map, x, row, barrier);
    } else {
      const unsigned part = rank * rowsOfPart;
      loadForAll(to + part * rowBytes, map, x, row + part, barrier, (1u << cluster) - 1);
    }
  }

  // A step of both operands.
  __device__ __forceinline__ void fillStage(unsigned stage, unsigned step, const Turn& turn) const {
    const unsigned barrier = filled(stage), x = (turn.firstStep + step) * elementsPerRow;
    // What the other block sends may be here before this block says that it expects it: the phase waits for
    // the arrival too.
    arriveExpecting(barrier, stageBytes);
    fill<tile.m, rowsOfA>(p.a, aAt(stage), x, turn.row, barrier);
#pragma unroll
    for (unsigned part = 0; part < tile.partsOfB; ++part)
      fill<tile.n, rowsOfB>(p.b, bAt(stage) + part * tile.n * rowBytes,
                            x * tile.partsOfB + part * elementsPerRow, turn.column, barrier);
  }

  __device__ __forceinline__ void produce() const {
    Ring<stages> at;
    forEachTurn([&](const Turn& turn) {
#pragma unroll 1
      for (unsigned step = 0; step < turn.steps; ++step) {
        waitFor(empty(at.stage), at.parity ^ 1);  // in the first round at once
        fillStage(at.stage, step, turn);
        at.advance();
      }
    });
  }

  // --- a consumer ---

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

  // Tells every block that fills this stage that this consumer is through with it: one thread for each. It
  // speaks for four warps, though it has waited in its own only: they multiply as one. CUTLASS's multicast
  // pipelines do so too (PipelineTmaAsync); one arrival of each warp would be the cautious form.
  __device__ __forceinline__ void release(unsigned stage, unsigned thread) const {
    if (thread < cluster) arriveAt(empty(stage), thread);
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
      if (step > 0) release(last, thread);
      last = at.stage;
      at.advance();
    }
    waitForMultiplies<0>();
    if (steps > 0) release(last, thread);
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
        if (piece + 1 == pieces) release(at.stage, thread);
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
        const unsigned slot = memory + slotsAt + (consumer * tile.slotsPerConsumer + filling % 2) * slotBytes;
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
    unsigned filling = 0;
    forEachTurn([&](const Turn& turn) {
      Sums sums;
      if (Kind::promotes || turn.steps == 0) clear(sums);
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

  // Barriers that the whole cluster sees. A stage is empty when `arrivals` have come.
  __device__ __forceinline__ void begin(unsigned arrivals) const {
    if (threadIdx.x == 0) {
      prefetch(p.a);
      prefetch(p.b);
      prefetch(p.c);
      for (unsigned stage = 0; stage < stages; ++stage) {
        initialize(filled(stage), 1);
        initialize(empty(stage), arrivals);
      }
      fenceInitialized();
    }
    if constexpr (cluster == 1)
      syncBlock();
    else
      meetCluster();
  }

  // A block must not end while the other still sends to its memory or arrives at its barriers.
  static __device__ __forceinline__ void end() {
    if constexpr (cluster > 1) syncCluster();
  }

  __device__ __forceinline__ void run() const {
    runBy([&](Sums& sums, Ring<stages>& at, const Turn& turn, unsigned firstRow, unsigned thread) {
      sumTurn(sums, at, turn, firstRow, thread);
    });
  }

  // With sumTurn(sums, ring, turn, firstRow, thread) for the multiplies.
  template <typename SumTurn>
  __device__ __forceinline__ void runBy(SumTurn sumTurn) const {
    begin(tile.consumers * cluster);
    const unsigned warpgroup = threadIdx.x / WgmmaTile::warpgroup;
    // With one consumer there are enough registers for each thread to have 255.
    constexpr bool sharesOut = tile.consumers > 1;
    if (warpgroup == 0) {
      if constexpr (sharesOut) keepRegisters<producerRegisters>();
      if (threadIdx.x == 0) produce();
    } else {
      if constexpr (sharesOut) takeRegisters<consumerRegisters>();
      consume(warpgroup - 1, threadIdx.x % WgmmaTile::warpgroup, sumTurn);
    }
    end();
  }
};

}  // namespace
}  // namespace nameplate
