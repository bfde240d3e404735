// All elements of an array, dealt to the warps of a grid.
#pragma once

namespace nameplate {
namespace {

constexpr unsigned warpThreads = 32;

// batch(i) handles elements i, i + 32, …, `count` of them, of a warp's whole step, one(i) a single one of the
// last step. A step is one contiguous piece, so that the distances between a thread's accesses are constants
// and go into the instructions, whatever the size of the block: `count` addresses per array would cost more
// registers than the data.
template <unsigned count, typename Batch, typename One>
__device__ __forceinline__ void forEach(unsigned long long elements, Batch batch, One one) {
  constexpr unsigned step = count * warpThreads;
  const unsigned warps = blockDim.x / warpThreads;
  const unsigned lane = threadIdx.x % warpThreads;
  const unsigned long long stride = static_cast<unsigned long long>(gridDim.x) * warps * step;
  unsigned long long first =
      (static_cast<unsigned long long>(blockIdx.x) * warps + threadIdx.x / warpThreads) * step;
#pragma unroll 1
  for (; first < elements; first += stride) {
    if (first + step <= elements) {
      batch(first + lane);
    } else {
#pragma unroll 1
      for (unsigned long long i = first + lane; i < elements; i += warpThreads) one(i);
    }
  }
}

}  // namespace
}  // namespace nameplate
