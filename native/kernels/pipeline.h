// A block's way through K: rows of A and of B come to shared memory step by step, while the block multiplies
// what came before.
//
// From Ampere on cp.async fills the next stages meanwhile; before, the next rows wait in registers. The loop
// knows no edges: rows beyond the last one of a matrix read that one again, and what comes of it is not
// stored; the last elements of K have a loop of their own. So has all of K where an operand does not lie on
// 16-byte boundaries: right, and much slower.
#pragma once

#include <type_traits>

#include "kernels/async_copy.h"
#include "kernels/parameters.h"
#include "kernels/tile.h"

namespace nameplate {

inline constexpr bool async = NAMEPLATE_TARGET >= 80;

// How a step's rows lie in shared memory, in chunks of 16 bytes: rows of A, then rows of B. Where A is
// compressed, a step has two rows for each of B, those of its second half after all of the first; and other
// things may lie behind.
template <unsigned chunksOfRow, unsigned strideOfRows, unsigned halvesOfB = 1, unsigned chunksBehind = 0>
struct StageLayout {
  static constexpr unsigned chunks = chunksOfRow;
  static constexpr unsigned stride = strideOfRows;
  static constexpr unsigned halves = halvesOfB;
  static constexpr unsigned behind = chunksBehind;
};

template <typename ElementType, GemmTile tile, typename Layout>
class Pipeline {
  using Element = ElementType;
  static constexpr unsigned elements = chunkBytes / sizeof(Element);
  static constexpr unsigned depth = Layout::chunks * elements;  // of A's rows, per step
  // Two chunks of a row for each thread, or one of two: few pointers, and yet neighbours read what memory is
  // read by, 32 bytes or 64.
  static constexpr unsigned across = Layout::chunks > 2 ? Layout::chunks / 2 : 2;
  static constexpr unsigned perRow = Layout::chunks / across;
  static constexpr unsigned rowsOfStage = tile.m + Layout::halves * tile.n;
  static constexpr unsigned apart = tile.threads / across, rows = rowsOfStage / apart;
  static constexpr unsigned stageChunks = rowsOfStage * Layout::stride + Layout::behind;
  static constexpr unsigned stages = async ? tile.sharedBytes / (stageChunks * chunkBytes) : 2;
  static_assert(tile.m % apart == 0 && tile.n % apart == 0 && stages >= 2);

 public:
  // place(row, chunk) tells where in its row a chunk lies; it is the same for rows `apart` from each other.
  template <typename Place>
  __device__ __forceinline__ Pipeline(const GemmParameters& p, const Corner& at, Place place)
      : k_(p.k / Layout::halves),
        first_(threadIdx.x % across * elements),
        aligned_(alignedChunks<Element>(p.a, p.lda) && alignedChunks<Element>(p.b, p.ldb)) {
    const unsigned row = threadIdx.x / across, chunk = threadIdx.x % across;
#pragma unroll
    for (unsigned c = 0; c < perRow; ++c)
      to_[c] = dynamicShared() + row * Layout::stride + place(row, chunk + c * across);
#pragma unroll
    for (unsigned r = 0; r < rows; ++r) {
      const bool ofA = isOfA(r);
      const unsigned ofB = r * apart - tile.m;  // where it is
      const unsigned long long wanted = (ofA ? at.row + r * apart : at.column + ofB % tile.n) + row;
      const unsigned long long last = (ofA ? p.m : p.n) - 1;
      from_[r] = static_cast<const Element*>(ofA ? p.a : p.b) +
                 (wanted < last ? wanted : last) * (ofA ? p.lda : p.ldb) + first_ +
                 (ofA ? 0 : ofB / tile.n * depth);
    }
  }

  // multiply(stage, whole) for each step: `stage` is where in shared memory its rows are, `whole` a
  // std::true_type in the fast loop.
  template <typename Multiply>
  __device__ __forceinline__ void run(Multiply multiply) {
    const unsigned steps = aligned_ ? static_cast<unsigned>(k_ / depth) : 0;
    const auto start = [&](unsigned step, unsigned stage) {
      if (step < steps) startStep(stage);
#if NAMEPLATE_TARGET >= 80
      closeGroup();
#endif
    };
#pragma unroll
    for (unsigned step = 0; step + 1 < stages; ++step) {
      start(step, step * stageChunks);
      finishStep(step * stageChunks);
    }
    constexpr unsigned last = (stages - 1) * stageChunks;
    unsigned stage = 0;
#pragma unroll 1
    for (unsigned step = 0; step < steps; ++step) {
#if NAMEPLATE_TARGET >= 80
      waitForGroups<stages - 2>();
#endif
      __syncthreads();
      const unsigned free = stage == 0 ? last : stage - stageChunks;
      start(step + stages - 1, free);
      multiply(stage, std::true_type{});
      finishStep(free);
      stage = stage == last ? 0 : stage + stageChunks;
    }
#pragma unroll 1
    for (unsigned long long k = steps * static_cast<unsigned long long>(depth); k < k_; k += depth) {
      __syncthreads();
      copySlowly(k + first_ < k_ ? k_ - k - first_ : 0);
      __syncthreads();
      multiply(0, std::false_type{});
    }
  }

#if NAMEPLATE_TARGET >= 80
  // For kernels that bring what they multiply into registers one slab of the step ahead, across its end too:
  // load(stage, slab, to) does that, into one of two places, and multiply(stage, slab, from) takes it from
  // there. `held` is 1 where multiply reads the stage too, which is then filled again a step later.
  // startMore(step, stage) starts copies of what lies behind the rows. Where A is compressed, K ends with a
  // step and the rows lie on boundaries.
  template <unsigned slabs, unsigned held, typename Load, typename Multiply, typename StartMore>
  __device__ __forceinline__ void runAhead(Load load, Multiply multiply, StartMore startMore) {
    constexpr unsigned ahead = stages - held, last = (stages - 1) * stageChunks;
    static_assert(slabs % 2 == 0 && ahead >= 2);
    const unsigned steps = aligned_ ? static_cast<unsigned>(k_ / depth) : 0;
    const auto start = [&](unsigned step, unsigned stage) {
      if (step < steps) {
        startStep(stage);
        startMore(step, stage);
      }
      closeGroup();
    };
#pragma unroll
    for (unsigned step = 0; step < ahead; ++step) start(step, step * stageChunks);
    waitForGroups<ahead - 1>();
    __syncthreads();
    if (steps > 0) load(0, 0, 0);
    unsigned stage = 0;
#pragma unroll 1
    for (unsigned step = 0; step < steps; ++step) {
#pragma unroll
      for (unsigned slab = 0; slab + 1 < slabs; ++slab) {
        load(stage, slab + 1, (slab + 1) % 2);
        multiply(stage, slab, slab % 2);
      }
      waitForGroups<ahead - 2>();
      __syncthreads();
      start(step + ahead, held == 0 ? stage : stage == 0 ? last : stage - stageChunks);
      const unsigned next = stage == last ? 0 : stage + stageChunks;
      load(next, 0, 0);  // after the last step of what was there before, and in vain
      multiply(stage, slabs - 1, 1);
      stage = next;
    }
    if constexpr (Layout::halves == 1) {
#pragma unroll 1
      for (unsigned long long k = steps * static_cast<unsigned long long>(depth); k < k_; k += depth) {
        __syncthreads();
        copySlowly(k + first_ < k_ ? k_ - k - first_ : 0);
        __syncthreads();
#pragma unroll 1
        for (unsigned slab = 0; slab < slabs; ++slab) {
          load(0, slab, 0);
          multiply(0, slab, 0);
        }
      }
    }
  }
#endif

 private:
  static __device__ constexpr bool isOfA(unsigned r) { return r * apart < tile.m; }
  // copy(row, chunk, place in global memory) for each of this thread's.
  template <typename Copy>
  __device__ __forceinline__ void each(Copy copy) {
#pragma unroll
    for (unsigned r = 0; r < rows; ++r)
#pragma unroll
      for (unsigned c = 0; c < perRow; ++c) copy(r, c, from_[r] + c * across * elements);
  }
  __device__ __forceinline__ void advance() {
#pragma unroll
    for (unsigned r = 0; r < rows; ++r) from_[r] += isOfA(r) ? depth : Layout::halves * depth;
  }
  __device__ __forceinline__ uint4* place(unsigned r, unsigned c) {
    return to_[c] + r * apart * Layout::stride;
  }
  __device__ __forceinline__ void startStep([[maybe_unused]] unsigned stage) {
    each([&](unsigned r, unsigned c, const Element* at) {
#if NAMEPLATE_TARGET >= 80
      startCopy(place(r, c) + stage, at);
#else
      staged_[r][c] = *reinterpret_cast<const uint4*>(at);
#endif
    });
    advance();
  }
  __device__ __forceinline__ void finishStep([[maybe_unused]] unsigned stage) {
#if NAMEPLATE_TARGET < 80
#pragma unroll
    for (unsigned r = 0; r < rows; ++r)
#pragma unroll
      for (unsigned c = 0; c < perRow; ++c) place(r, c)[stage] = staged_[r][c];
#endif
  }
  // Of the step `left` elements are there from this thread's first chunk on. Chunks of many elements, where
  // they are not whole or on no boundary, come by one of each at a time: all at once would take more
  // registers than the sums leave.
  __device__ __forceinline__ void copySlowly(unsigned long long left) {
    const auto leftOf = [left](unsigned c) {
      constexpr unsigned long long next = across * elements;
      return left > c * next ? left - c * next : 0;
    };
    if constexpr (elements <= 4) {
      each(
          [&](unsigned r, unsigned c, const Element* at) { *place(r, c) = loadChunk(at, leftOf(c), false); });
    } else {
      const auto atOnce = [&](unsigned c) { return leftOf(c) == 0 || (aligned_ && leftOf(c) >= elements); };
      each([&](unsigned r, unsigned c, const Element* at) {
        if (atOnce(c)) *place(r, c) = loadChunk(at, leftOf(c) > 0 ? elements : 0, true);
      });
#pragma unroll 1
      for (unsigned i = 0; i < elements; ++i)
        each([&](unsigned r, unsigned c, const Element* at) {
          if (!atOnce(c)) reinterpret_cast<Element*>(place(r, c))[i] = i < leftOf(c) ? at[i] : Element{};
        });
    }
    advance();
  }

  unsigned long long k_;
  unsigned first_;  // element of K in a step that this thread's first chunk begins with
  bool aligned_;
  const Element* from_[rows];
  uint4* to_[perRow];
  uint4 staged_[async ? 1 : rows][async ? 1 : perRow];
};

}  // namespace nameplate
