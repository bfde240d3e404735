// Moving memory: the STREAM kernels, and what prepares and checks their buffers (pattern, comparison,
// transpose).
//
// First set: right before fast; not yet run on a GPU.
//
// Bandwidth is bytes in flight over latency: an H200 wants some 48 KiB in flight per multiprocessor, which
// one load per thread does not give. So every thread issues eight 16-byte loads before it uses the first
// (triad four from each of two arrays), and neighbouring threads touch neighbouring addresses. Arrays start
// on a 16-byte boundary; an odd last word is moved alone. As compiled: at most 46 registers; a transpose tile
// takes up to 8448 bytes.
#include "kernels/parameters.h"
#include "random.h"

namespace nameplate {
namespace {

constexpr unsigned unroll = 8;

// Without a stated number of blocks per multiprocessor the assembler saves registers by using each load as
// soon as it arrives, and two to four are in flight instead of eight. Two blocks allow 64 registers.
constexpr unsigned blocksPerMultiprocessor = 2;

// Splits the elements into spans of `count` per thread, and the spans over the blocks: batch(i) handles
// elements i, i + streamThreads, … of a full span, one(i) each element of the last. The distance is a
// constant, so that it goes into the instruction: `count` addresses per array would cost more registers than
// the data.
template <unsigned count, typename Batch, typename One>
__device__ __forceinline__ void forEach(unsigned long long elements, Batch batch, One one) {
  constexpr unsigned span = count * streamThreads;
#pragma unroll 1
  for (unsigned long long first = static_cast<unsigned long long>(blockIdx.x) * span; first < elements;
       first += static_cast<unsigned long long>(gridDim.x) * span) {
    if (first + span <= elements) {
      batch(first + threadIdx.x);
    } else {
#pragma unroll 1
      for (unsigned long long i = first + threadIdx.x; i < elements; i += streamThreads) one(i);
    }
  }
}

__device__ __forceinline__ unsigned folded(uint4 v) {
  return v.x ^ v.y ^ v.z ^ v.w;
}

__device__ __forceinline__ double triad(double a, double b) {
  return fma(2.0, b, a);
}

__device__ __forceinline__ double2 triad(double2 a, double2 b) {
  return double2{triad(a.x, b.x), triad(a.y, b.y)};
}

// Whether this thread moves the last word of an array with an odd number of them.
__device__ __forceinline__ bool movesLastWord(unsigned long long words) {
  return words % 2 == 1 && blockIdx.x == 0 && threadIdx.x == 0;
}

}  // namespace

extern "C" __global__ void __launch_bounds__(streamThreads, blocksPerMultiprocessor)
    stream_read(const StreamParameters p) {
  const auto* a = static_cast<const uint4*>(p.a);
  unsigned sum = 0;
  forEach<unroll>(
      p.words / 2,
      [&](unsigned long long i) {
        uint4 values[unroll];
#pragma unroll
        for (unsigned u = 0; u < unroll; ++u) values[u] = a[i + u * streamThreads];
#pragma unroll
        for (unsigned u = 0; u < unroll; ++u) sum ^= folded(values[u]);
      },
      [&](unsigned long long i) { sum ^= folded(a[i]); });
  if (movesLastWord(p.words)) {
    const auto* last = static_cast<const unsigned*>(p.a) + (p.words - 1) * 2;
    sum ^= last[0] ^ last[1];
  }

  constexpr unsigned warps = streamThreads / 32;
  __shared__ unsigned warpSums[warps];
  for (unsigned distance = 16; distance > 0; distance /= 2) sum ^= __shfl_xor_sync(~0u, sum, distance);
  if (threadIdx.x % 32 == 0) warpSums[threadIdx.x / 32] = sum;
  __syncthreads();
  if (threadIdx.x < 32) {
    sum = threadIdx.x < warps ? warpSums[threadIdx.x] : 0;
    for (unsigned distance = 16; distance > 0; distance /= 2) sum ^= __shfl_xor_sync(~0u, sum, distance);
    if (threadIdx.x == 0) static_cast<unsigned*>(p.out)[blockIdx.x] = sum;
  }
}

extern "C" __global__ void __launch_bounds__(streamThreads, blocksPerMultiprocessor)
    stream_write(const StreamParameters p) {
  auto* out = static_cast<uint4*>(p.out);
  const uint4 value{p.word, p.word, p.word, p.word};
  forEach<unroll>(
      p.words / 2,
      [&](unsigned long long i) {
#pragma unroll
        for (unsigned u = 0; u < unroll; ++u) out[i + u * streamThreads] = value;
      },
      [&](unsigned long long i) { out[i] = value; });
  if (movesLastWord(p.words)) {
    auto* last = static_cast<unsigned*>(p.out) + (p.words - 1) * 2;
    last[0] = last[1] = p.word;
  }
}

extern "C" __global__ void __launch_bounds__(streamThreads, blocksPerMultiprocessor)
    stream_copy(const StreamParameters p) {
  const auto* a = static_cast<const uint4*>(p.a);
  auto* out = static_cast<uint4*>(p.out);
  forEach<unroll>(
      p.words / 2,
      [&](unsigned long long i) {
        uint4 values[unroll];
#pragma unroll
        for (unsigned u = 0; u < unroll; ++u) values[u] = a[i + u * streamThreads];
#pragma unroll
        for (unsigned u = 0; u < unroll; ++u) out[i + u * streamThreads] = values[u];
      },
      [&](unsigned long long i) { out[i] = a[i]; });
  if (movesLastWord(p.words)) {
    const unsigned long long last = p.words - 1;
    static_cast<unsigned long long*>(p.out)[last] = static_cast<const unsigned long long*>(p.a)[last];
  }
}

extern "C" __global__ void __launch_bounds__(streamThreads, blocksPerMultiprocessor)
    stream_triad(const StreamParameters p) {
  const auto* a = static_cast<const double2*>(p.a);
  const auto* b = static_cast<const double2*>(p.b);
  auto* out = static_cast<double2*>(p.out);
  constexpr unsigned pairs = unroll / 2;
  forEach<pairs>(
      p.words / 2,
      [&](unsigned long long i) {
        double2 x[pairs], y[pairs];
#pragma unroll
        for (unsigned u = 0; u < pairs; ++u) {
          x[u] = a[i + u * streamThreads];
          y[u] = b[i + u * streamThreads];
        }
#pragma unroll
        for (unsigned u = 0; u < pairs; ++u) out[i + u * streamThreads] = triad(x[u], y[u]);
      },
      [&](unsigned long long i) { out[i] = triad(a[i], b[i]); });
  if (movesLastWord(p.words)) {
    const unsigned long long last = p.words - 1;
    static_cast<double*>(p.out)[last] =
        triad(static_cast<const double*>(p.a)[last], static_cast<const double*>(p.b)[last]);
  }
}

extern "C" __global__ void __launch_bounds__(streamThreads) pattern_fill(const PatternParameters p) {
  auto* out = static_cast<unsigned long long*>(p.out);
  const auto one = [&](unsigned long long i) { out[i] = patternWord(p.seed, i); };
  forEach<unroll>(
      p.words,
      [&](unsigned long long i) {
#pragma unroll
        for (unsigned u = 0; u < unroll; ++u) one(i + u * streamThreads);
      },
      one);
}

// Each warp adds up its own findings first: one atomic per differing word would take minutes on a buffer that
// differs everywhere.
extern "C" __global__ void __launch_bounds__(streamThreads) buffer_compare(const CompareParameters p) {
  const auto* expected = static_cast<const unsigned*>(p.expected);
  const auto* actual = static_cast<const unsigned*>(p.actual);
  unsigned long long count = 0, first = ~0ull;
  const auto check = [&](unsigned long long i, bool differs) {
    count += differs;
    if (differs && i < first) first = i;
  };
  forEach<unroll>(
      p.words,
      [&](unsigned long long i) {
        bool differs[unroll];
#pragma unroll
        for (unsigned u = 0; u < unroll; ++u)
          differs[u] = expected[i + u * streamThreads] != actual[i + u * streamThreads];
#pragma unroll
        for (unsigned u = 0; u < unroll; ++u) check(i + u * streamThreads, differs[u]);
      },
      [&](unsigned long long i) { check(i, expected[i] != actual[i]); });
  for (unsigned distance = 16; distance > 0; distance /= 2) {
    count += __shfl_xor_sync(~0u, count, distance);
    const unsigned long long other = __shfl_xor_sync(~0u, first, distance);
    if (other < first) first = other;
  }
  if (threadIdx.x % 32 == 0 && count > 0) {
    atomicAdd(p.count, count);
    atomicMin(p.first, first);
  }
}

namespace {

// Rows are read and written along their length; the turn happens in shared memory, whose rows are one element
// longer than the tile so that a column does not fall into one bank.
template <typename Element>
__device__ __forceinline__ void transpose(const TransposeParameters& p) {
  __shared__ Element tile[transposeTile][transposeTile + 1];
  constexpr unsigned step = 8;  // rows that the block's threads cover at once
  const auto* a = static_cast<const Element*>(p.a);
  auto* out = static_cast<Element*>(p.out);
  const unsigned long long tilesPerRow = (p.columns + transposeTile - 1) / transposeTile;
  const unsigned long long row = blockIdx.x / tilesPerRow * transposeTile;
  const unsigned long long column = blockIdx.x % tilesPerRow * transposeTile;
  const unsigned x = threadIdx.x, y = threadIdx.y;
#pragma unroll
  for (unsigned i = 0; i < transposeTile; i += step)
    if (row + y + i < p.rows && column + x < p.columns)
      tile[y + i][x] = a[(row + y + i) * p.columns + column + x];
  __syncthreads();
#pragma unroll
  for (unsigned i = 0; i < transposeTile; i += step)
    if (column + y + i < p.columns && row + x < p.rows)
      out[(column + y + i) * p.rows + row + x] = tile[x][y + i];
}

constexpr unsigned transposeThreads = transposeTile * 8;

}  // namespace

extern "C" __global__ void __launch_bounds__(transposeThreads) transpose_1(const TransposeParameters p) {
  transpose<unsigned char>(p);
}

extern "C" __global__ void __launch_bounds__(transposeThreads) transpose_2(const TransposeParameters p) {
  transpose<unsigned short>(p);
}

extern "C" __global__ void __launch_bounds__(transposeThreads) transpose_4(const TransposeParameters p) {
  transpose<unsigned>(p);
}

extern "C" __global__ void __launch_bounds__(transposeThreads) transpose_8(const TransposeParameters p) {
  transpose<unsigned long long>(p);
}

}  // namespace nameplate
