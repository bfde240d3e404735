// Copying over the link by a kernel, beside the copy engines: loads and stores that leave the device.
//
// Not yet run on a GPU. Either side may be pinned host memory, which the device reaches at its host address.
// Every thread issues four 16-byte loads before it stores the first, so that many packets are under way.
#include "kernels/parameters.h"

namespace nameplate {
namespace {

constexpr unsigned unroll = 4;

// Blocks `first`, first + step, … of the grid share the copy.
__device__ __forceinline__ void copy(uint4* out, const uint4* from, unsigned long long vectors,
                                     unsigned first, unsigned step) {
  constexpr unsigned long long span = unroll * linkThreads;
#pragma unroll 1
  for (unsigned long long begin = first * span; begin < vectors; begin += step * span) {
    if (begin + span <= vectors) {
      uint4 values[unroll];
#pragma unroll
      for (unsigned u = 0; u < unroll; ++u) values[u] = from[begin + threadIdx.x + u * linkThreads];
#pragma unroll
      for (unsigned u = 0; u < unroll; ++u) out[begin + threadIdx.x + u * linkThreads] = values[u];
    } else {
#pragma unroll 1
      for (unsigned long long i = begin + threadIdx.x; i < vectors; i += linkThreads) out[i] = from[i];
    }
  }
}

}  // namespace

extern "C" __global__ void __launch_bounds__(linkThreads) link_copy(const LinkParameters p) {
  auto* out = static_cast<uint4*>(p.out);
  const auto* from = static_cast<const uint4*>(p.from);
  if (p.backOut == nullptr) {
    copy(out, from, p.vectors, blockIdx.x, gridDim.x);
    return;
  }
  if (blockIdx.x % 2 == 0)
    copy(out, from, p.vectors, blockIdx.x / 2, (gridDim.x + 1) / 2);
  else
    copy(static_cast<uint4*>(p.backOut), static_cast<const uint4*>(p.backFrom), p.vectors, blockIdx.x / 2,
         gridDim.x / 2);
}

}  // namespace nameplate
