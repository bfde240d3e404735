// Copies from global to shared memory that a thread only starts (cp.async), from Ampere on; and the shared
// memory that a launch asks for.
//
// A copy lands at any time between its start and the wait for it; only then, and after a barrier, may other
// threads read it. test/kernels/ puts an emulation in the instructions' place.
#pragma once

#include "kernels/tile.h"

namespace nameplate {

__device__ __forceinline__ uint4* dynamicShared() {
#ifdef __CUDACC__
  alignas(128) extern __shared__ uint4 sharedMemory[];
  return sharedMemory;
#else
  return emulation::dynamicShared();
#endif
}

#if NAMEPLATE_TARGET >= 80
// Starts a copy of one chunk, from and to a 16-byte boundary. It goes past the L1, which would gain nothing:
// a block reads each chunk once.
__device__ __forceinline__ void startCopy(uint4* shared, const void* global) {
#ifdef __CUDACC__
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(
                   static_cast<unsigned>(__cvta_generic_to_shared(shared))),
               "l"(global)
               : "memory");
#else
  emulation::startCopy(shared, global);
#endif
}

// Makes the copies started since the last call one group.
__device__ __forceinline__ void closeGroup() {
#ifdef __CUDACC__
  asm volatile("cp.async.commit_group;" ::: "memory");
#else
  emulation::closeGroup();
#endif
}

// Waits for all groups of this thread but the youngest `left`.
template <unsigned left>
__device__ __forceinline__ void waitForGroups() {
#ifdef __CUDACC__
  asm volatile("cp.async.wait_group %0;" ::"n"(left) : "memory");
#else
  emulation::waitForGroups(left);
#endif
}
#endif

}  // namespace nameplate
