// The copy engine of compute capability 9.0 and later, and the barriers that count what it brings: what the
// PTX ISA calls mbarrier and cp.async.bulk, one small function each. Shared memory is addressed by its 32-bit
// address. Copies by tensor map, and what else a cluster needs, are in hopper.h.
//
// test/kernels/ has functions of the same names, which copy as late as they may.
#pragma once

namespace nameplate::bulk {

// Where somebody stands in a ring of places, each with a barrier; `parity` is that of the current round's
// phase.
template <unsigned places>
struct Ring {
  unsigned stage = 0, parity = 0;
  __device__ __forceinline__ void advance() {
    if (++stage < places) return;
    stage = 0;
    parity ^= 1;
  }
};

#ifdef __CUDACC__

// The dynamic shared memory. 1024 bytes is what the 128-byte swizzle repeats in: it takes its pattern from
// the address, so copy engine and tensor core agree only on tiles that begin there.
__device__ __forceinline__ unsigned sharedMemory() {
  extern __shared__ __align__(1024) unsigned char memory[];
  return static_cast<unsigned>(__cvta_generic_to_shared(memory));
}

// --- barriers in shared memory (mbarrier), of 8 bytes each ---

// A phase ends when `count` have arrived and all expected bytes have come. Phases are told apart by parity:
// to wait for parity 1 on a new barrier is to wait for the phase before the first, which is over.
__device__ __forceinline__ void initialize(unsigned barrier, unsigned count) {
  asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(barrier), "r"(count) : "memory");
}

// Lets the copy engine see what this thread wrote to shared memory, new barriers too.
__device__ __forceinline__ void fenceForCopyEngine() {
  asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
}

// Arrives, and tells the phase to wait for `bytes` from the copy engine as well.
__device__ __forceinline__ void arriveExpecting(unsigned barrier, unsigned bytes) {
  asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(barrier), "r"(bytes)
               : "memory");
}

// Waits until the phase of that parity is over.
__device__ __forceinline__ void waitFor(unsigned barrier, unsigned parity) {
  unsigned over;
  do {
    asm volatile(
        "{\n.reg .pred over;\n"
        "mbarrier.try_wait.parity.shared::cta.b64 over, [%1], %2;\n"
        "selp.u32 %0, 1, 0, over;\n}"
        : "=r"(over)
        : "r"(barrier), "r"(parity)
        : "memory");
  } while (!over);
}

// --- copies of plain arrays; addresses and sizes are multiples of 16 bytes ---

// To shared memory; `barrier` counts the bytes.
__device__ __forceinline__ void load(unsigned to, const void* from, unsigned bytes, unsigned barrier) {
  asm volatile(
      "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1], %2, [%3];" ::"r"(to),
      "l"(from), "r"(bytes), "r"(barrier)
      : "memory");
}

// From shared memory, as part of the thread's current group.
__device__ __forceinline__ void store(void* to, unsigned from, unsigned bytes) {
  asm volatile("cp.async.bulk.global.shared::cta.bulk_group [%0], [%1], %2;" ::"l"(to), "r"(from), "r"(bytes)
               : "memory");
}

// --- groups of stores, by whatever kind of copy ---

// Ends the thread's current group.
__device__ __forceinline__ void commitStores() {
  asm volatile("cp.async.bulk.commit_group;" ::: "memory");
}

// Waits until all but the last `pending` groups of this thread have read their shared memory.
template <unsigned pending>
__device__ __forceinline__ void waitForStoresToRead() {
  asm volatile("cp.async.bulk.wait_group.read %0;" ::"n"(pending) : "memory");
}

// Waits until all groups have written.
__device__ __forceinline__ void waitForStores() {
  asm volatile("cp.async.bulk.wait_group 0;" ::: "memory");
}

#endif

}  // namespace nameplate::bulk
