// What prepares and checks the buffers of every row: the pattern, the comparison, the transpose.
//
// Not yet run on a GPU. As compiled: at most 40 registers; a transpose tile takes up to 8448 bytes.
#include "kernels/for_each.h"
#include "kernels/parameters.h"
#include "random.h"

namespace nameplate {
namespace {

constexpr unsigned unroll = 8;

}  // namespace

extern "C" __global__ void __launch_bounds__(bufferThreads) pattern_fill(const PatternParameters p) {
  auto* out = static_cast<unsigned long long*>(p.out);
  const auto one = [&](unsigned long long i) { out[i] = patternWord(p.seed, i) & p.mask; };
  forEach<unroll>(
      p.words,
      [&](unsigned long long i) {
#pragma unroll
        for (unsigned u = 0; u < unroll; ++u) one(i + u * warpThreads);
      },
      one);
}

// Each warp adds up its own findings first: one atomic per differing word would take minutes on a buffer that
// differs everywhere.
extern "C" __global__ void __launch_bounds__(bufferThreads) buffer_compare(const CompareParameters p) {
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
          differs[u] = expected[i + u * warpThreads] != actual[i + u * warpThreads];
#pragma unroll
        for (unsigned u = 0; u < unroll; ++u) check(i + u * warpThreads, differs[u]);
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
