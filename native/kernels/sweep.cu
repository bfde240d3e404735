// Walking a working set again and again: what L1 and L2 deliver while the set fits.
//
// Not yet run on a GPU. Every thread issues four 16-byte loads before it uses the first. A set of its own is
// one block's, and L1 may keep it. One set of all is cut into a slice a block, and each pass gives a block
// another slice: what it read before is then of no use to it, and L1 is passed by besides (.cg), so that L2
// answers. Integer sums: on some cards floating-point additions would be slower than L1.
#include "kernels/parameters.h"

namespace nameplate {
namespace {

constexpr unsigned unroll = 4;
// Two blocks allow 64 registers; see stream.cu.
constexpr unsigned blocksPerMultiprocessor = 2;

struct Vector {
  unsigned long long low, high;
};

__device__ __forceinline__ Vector cached(const ulonglong2* at) {
  const ulonglong2 v = __ldca(at);
  return {v.x, v.y};
}

__device__ __forceinline__ Vector pastL1(const ulonglong2* at) {
  const ulonglong2 v = __ldcg(at);
  return {v.x, v.y};
}

// Calls batch(i) for spans of `unroll` vectors a thread, sweepThreads apart, and one(i) for what is left.
template <typename Batch, typename One>
__device__ __forceinline__ void forEach(unsigned long long begin, unsigned long long end, Batch batch,
                                        One one) {
  constexpr unsigned span = unroll * sweepThreads;
  unsigned long long first = begin;
#pragma unroll 1
  for (; first + span <= end; first += span) batch(first + threadIdx.x);
#pragma unroll 1
  for (unsigned long long i = first + threadIdx.x; i < end; i += sweepThreads) one(i);
}

template <typename Load>
__device__ __forceinline__ unsigned long long sumOf(const ulonglong2* a, unsigned long long begin,
                                                    unsigned long long end, Load load) {
  unsigned long long sum = 0;
  forEach(
      begin, end,
      [&](unsigned long long i) {
        Vector values[unroll];
#pragma unroll
        for (unsigned u = 0; u < unroll; ++u) values[u] = load(a + i + u * sweepThreads);
#pragma unroll
        for (unsigned u = 0; u < unroll; ++u) sum += values[u].low + values[u].high;
      },
      [&](unsigned long long i) {
        const Vector value = load(a + i);
        sum += value.low + value.high;
      });
  return sum;
}

// The sum of all threads of the block, written by its first.
__device__ __forceinline__ void leaveSum(unsigned long long sum, unsigned long long* out) {
  constexpr unsigned warps = sweepThreads / 32;
  __shared__ unsigned long long warpSums[warps];
  for (unsigned distance = 16; distance > 0; distance /= 2) sum += __shfl_xor_sync(~0u, sum, distance);
  if (threadIdx.x % 32 == 0) warpSums[threadIdx.x / 32] = sum;
  __syncthreads();
  if (threadIdx.x < 32) {
    sum = threadIdx.x < warps ? warpSums[threadIdx.x] : 0;
    for (unsigned distance = 16; distance > 0; distance /= 2) sum += __shfl_xor_sync(~0u, sum, distance);
    if (threadIdx.x == 0) out[blockIdx.x] = sum;
  }
}

// The slice of the set that this block walks through in a pass.
struct Slice {
  unsigned long long begin, end;
};
__device__ __forceinline__ Slice sliceOf(unsigned long long vectors, unsigned long long pass) {
  const unsigned long long each = (vectors + gridDim.x - 1) / gridDim.x;
  const unsigned long long begin = (blockIdx.x + pass) % gridDim.x * each;
  const unsigned long long end = begin + each < vectors ? begin + each : vectors;
  return {begin, end};
}

}  // namespace

extern "C" __global__ void __launch_bounds__(sweepThreads, blocksPerMultiprocessor)
    sweep_read_own(const SweepParameters p) {
  const auto* a = static_cast<const ulonglong2*>(p.a) + blockIdx.x * p.vectors;
  unsigned long long sum = 0;
#pragma unroll 1
  for (unsigned long long pass = 0; pass < p.passes; ++pass) sum += sumOf(a, 0, p.vectors, cached);
  leaveSum(sum, static_cast<unsigned long long*>(p.out));
}

extern "C" __global__ void __launch_bounds__(sweepThreads, blocksPerMultiprocessor)
    sweep_read(const SweepParameters p) {
  const auto* a = static_cast<const ulonglong2*>(p.a);
  unsigned long long sum = 0;
#pragma unroll 1
  for (unsigned long long pass = 0; pass < p.passes; ++pass) {
    const Slice slice = sliceOf(p.vectors, pass);
    sum += sumOf(a, slice.begin, slice.end, pastL1);
  }
  leaveSum(sum, static_cast<unsigned long long*>(p.out));
}

extern "C" __global__ void __launch_bounds__(sweepThreads, blocksPerMultiprocessor)
    sweep_copy(const SweepParameters p) {
  const auto* a = static_cast<const ulonglong2*>(p.a);
  auto* out = static_cast<ulonglong2*>(p.out);
#pragma unroll 1
  for (unsigned long long pass = 0; pass < p.passes; ++pass) {
    const Slice slice = sliceOf(p.vectors, pass);
    forEach(
        slice.begin, slice.end,
        [&](unsigned long long i) {
          ulonglong2 values[unroll];
#pragma unroll
          for (unsigned u = 0; u < unroll; ++u) values[u] = __ldcg(a + i + u * sweepThreads);
#pragma unroll
          for (unsigned u = 0; u < unroll; ++u) __stcg(out + i + u * sweepThreads, values[u]);
        },
        [&](unsigned long long i) { __stcg(out + i, __ldcg(a + i)); });
  }
}

}  // namespace nameplate
