// One thread block of the wgmma kernels without those who multiply: its shared memory, its turns, and the
// producer that fills the ring. wgmma.cu tells what they do together.
#pragma once

#include "kernels/bulk_copy.h"
#include "kernels/hopper.h"
#include "kernels/wgmma.h"
#include "kernels/wgmma_format.h"

namespace nameplate {
namespace {

using bulk::Ring;

template <typename Kind, WgmmaTile tile>
struct WgmmaBlock {
  static constexpr unsigned stages = tile.stages, cluster = tile.cluster();
  static constexpr unsigned elementsPerRow = rowBytes / Kind::elementBytes;
  static constexpr unsigned stageBytes = tile.stageBytes(), slotsAt = tile.slotsAt(),
                            barriersAt = tile.barriersAt(), rowsOfA = tile.rowsOfA(),
                            rowsOfB = tile.rowsOfB();
  static_assert(tile.sharedBytes() <= 232448 && (tile.clusterM == 1 || tile.clusterN == 1));
  static_assert(tile.lead < stages);  // the ring must hold more than what lies between the consumers

  const WgmmaParameters& p;
  const unsigned memory, rank;

  __device__ __forceinline__ unsigned aAt(unsigned stage) const { return memory + stage * stageBytes; }
  __device__ __forceinline__ unsigned bAt(unsigned stage) const { return aAt(stage) + tile.m * rowBytes; }
  __device__ __forceinline__ unsigned filled(unsigned stage) const { return memory + barriersAt + stage * 8; }
  __device__ __forceinline__ unsigned empty(unsigned stage) const { return filled(stages + stage); }
  __device__ __forceinline__ unsigned ahead() const { return filled(2 * stages); }

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

  // --- begin and end ---

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
      initialize(ahead(), 1);
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
};

}  // namespace
}  // namespace nameplate
