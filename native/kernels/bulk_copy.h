// The copy engine of compute capability 9.0 and later, for plain arrays: what the PTX ISA calls cp.async.bulk
// and mbarrier, one small function each. Addresses and sizes are multiples of 16 bytes.
//
// test/kernels/ has functions of the same names, which copy as late as they may.
#pragma once

#ifdef __CUDACC__

namespace nameplate::bulk {

// In shared memory. A phase is over when one thread has arrived and the bytes that it announced have come;
// phases are told apart by parity, 0 for the first.
struct Barrier {
  unsigned long long state;
};

// The block's dynamic shared memory.
__device__ __forceinline__ unsigned char* sharedMemory() {
  extern __shared__ __align__(128) unsigned char memory[];
  return memory;
}

__device__ __forceinline__ unsigned shared(const void* address) {
  return static_cast<unsigned>(__cvta_generic_to_shared(address));
}

__device__ __forceinline__ void initialize(Barrier& barrier) {
  asm volatile("mbarrier.init.shared::cta.b64 [%0], 1;" ::"r"(shared(&barrier)) : "memory");
}

// Makes initialised barriers known to the copy engine.
__device__ __forceinline__ void fenceInitialized() {
  asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
}

__device__ __forceinline__ void arriveExpecting(Barrier& barrier, unsigned bytes) {
  asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(shared(&barrier)), "r"(bytes)
               : "memory");
}

__device__ __forceinline__ void waitFor(Barrier& barrier, unsigned parity) {
  unsigned over;
  do {
    asm volatile(
        "{\n.reg .pred over;\n"
        "mbarrier.try_wait.parity.shared::cta.b64 over, [%1], %2;\n"
        "selp.u32 %0, 1, 0, over;\n}"
        : "=r"(over)
        : "r"(shared(&barrier)), "r"(parity)
        : "memory");
  } while (!over);
}

// To shared memory; `barrier` counts the bytes.
__device__ __forceinline__ void load(void* to, const void* from, unsigned bytes, Barrier& barrier) {
  asm volatile(
      "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1], %2, [%3];" ::"r"(
          shared(to)),
      "l"(from), "r"(bytes), "r"(shared(&barrier))
      : "memory");
}

// From shared memory, as part of the thread's current group.
__device__ __forceinline__ void store(void* to, const void* from, unsigned bytes) {
  asm volatile("cp.async.bulk.global.shared::cta.bulk_group [%0], [%1], %2;" ::"l"(to), "r"(shared(from)),
               "r"(bytes)
               : "memory");
}

// Ends the thread's current group of stores.
__device__ __forceinline__ void commitStores() {
  asm volatile("cp.async.bulk.commit_group;" ::: "memory");
}

// Waits until all but the last `pending` groups have read their shared memory.
template <unsigned pending>
__device__ __forceinline__ void waitForStoresToRead() {
  asm volatile("cp.async.bulk.wait_group.read %0;" ::"n"(pending) : "memory");
}

// Waits until all groups have written.
__device__ __forceinline__ void waitForStores() {
  asm volatile("cp.async.bulk.wait_group 0;" ::: "memory");
}

}  // namespace nameplate::bulk

#endif
