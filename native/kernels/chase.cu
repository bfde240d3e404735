// One thread that waits: following addresses, from L1 to the host's memory, and a kernel that does next to
// nothing.
//
// Not yet run on a GPU. As compiled: no local memory.
#include "kernels/parameters.h"

namespace nameplate {
namespace {

// The state as kernel.h has it, in CUDA's types.
struct State {
  unsigned long long at, steps;
};

// A load that every cache may serve. One marked volatile would pass L1 by.
__device__ __forceinline__ unsigned long long next(unsigned long long node) {
  return __ldca(reinterpret_cast<const unsigned long long*>(node));
}

}  // namespace

extern "C" __global__ void __launch_bounds__(chaseThreads) chase(const ChaseParameters p) {
  if (threadIdx.x > 0) return;
  auto* state = static_cast<State*>(p.state);
  unsigned long long at = state->at;
  unsigned long long left = p.steps;
#pragma unroll 1
  for (; left >= 8; left -= 8) {
#pragma unroll
    for (unsigned step = 0; step < 8; ++step) at = next(at);
  }
#pragma unroll 1
  for (; left > 0; --left) at = next(at);
  state->at = at;
  state->steps += p.steps;
}

extern "C" __global__ void __launch_bounds__(chaseThreads) tick(const TickParameters p) {
  if (threadIdx.x > 0) return;
  *p.count += 1;
}

}  // namespace nameplate
