// Hopper's own instructions, one small function each, and nothing else: what the PTX ISA calls
// cp.async.bulk.tensor, wgmma, stmatrix, setmaxnreg and clusters. Barriers, and what later architectures
// have too, are in bulk_copy.h; wgmma's multiply itself, with up to 128 registers to name, is in
// wgmma_instruction.h.
#pragma once

#include "kernels/bulk_copy.h"
#include "kernels/wgmma.h"

namespace nameplate::hopper {

using namespace bulk;

// --- thread blocks and clusters ---

__device__ __forceinline__ unsigned rankInCluster() {
  unsigned rank;
  asm("mov.u32 %0, %%cluster_ctarank;" : "=r"(rank));
  return rank;
}

__device__ __forceinline__ void syncBlock() {
  __syncthreads();
}

// Waits for all threads of all blocks of the cluster. Of what was written before, only barriers that
// fenceInitialized() released are seen by all after.
__device__ __forceinline__ void meetCluster() {
  asm volatile("barrier.cluster.arrive.relaxed;\nbarrier.cluster.wait.acquire;" ::: "memory");
}

// The same, and what each wrote before is seen by all after: a fence of the whole device.
__device__ __forceinline__ void syncCluster() {
  asm volatile("barrier.cluster.arrive.release;\nbarrier.cluster.wait.acquire;" ::: "memory");
}

// Waits for the 128 threads that name the same barrier, 1 to 15 (0 is __syncthreads').
__device__ __forceinline__ void syncWarpgroup(unsigned barrier) {
  asm volatile("bar.sync %0, 128;" ::"r"(barrier) : "memory");
}

// The same, and whether any of them says so.
__device__ __forceinline__ bool anyOfWarpgroup(unsigned barrier, bool mine) {
  unsigned any;
  asm volatile(
      "{\n.reg .pred mine, any;\n"
      "setp.ne.u32 mine, %1, 0;\n"
      "bar.red.or.pred any, %2, 128, mine;\n"
      "selp.u32 %0, 1, 0, any;\n}"
      : "=r"(any)
      : "r"(mine ? 1u : 0u), "r"(barrier)
      : "memory");
  return any != 0;
}

// Registers per thread of this warpgroup from here on.
template <unsigned registers>
__device__ __forceinline__ void keepRegisters() {
  asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(registers));
}
template <unsigned registers>
__device__ __forceinline__ void takeRegisters() {
  asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(registers));
}

// --- barriers that a cluster shares ---

// Makes initialised barriers known to the cluster's other blocks and to the copy engine.
__device__ __forceinline__ void fenceInitialized() {
  asm volatile("fence.mbarrier_init.release.cluster;\nfence.proxy.async.shared::cta;" ::: "memory");
}

// Arrives at the barrier that has this address in the block of that rank. By default that is a release to
// this block alone, so it orders no loads and stores of the two blocks. None need it: what is handed over is
// read by tensor cores, through with it when the multiply has been waited for, and written by the copy
// engine, asked only after the arrival has come. CUTLASS's pipelines arrive in the same way (ClusterBarrier
// of cutlass/arch/barrier.h). Stages that threads read or write would want .release.cluster here and
// .acquire.cluster in waitFor, a fence of the whole device each time.
__device__ __forceinline__ void arriveAt(unsigned barrier, unsigned rank) {
  asm volatile(
      "{\n.reg .b32 there;\n"
      "mapa.shared::cluster.u32 there, %0, %1;\n"
      "mbarrier.arrive.shared::cluster.b64 _, [there];\n}" ::"r"(barrier),
      "r"(rank)
      : "memory");
}

// --- copies by tensor map (TMA) ---

__device__ __forceinline__ void prefetch(const TensorMap& map) {
  asm volatile("prefetch.tensormap [%0];" ::"l"(&map) : "memory");
}

// The map's box at element (x, y) to shared memory, zeros for what lies outside the matrix. Its bytes, zeros
// included, are counted by `barrier`.
__device__ __forceinline__ void load(unsigned to, const TensorMap& map, unsigned x, unsigned y,
                                     unsigned barrier) {
  asm volatile(
      "cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1, {%2, %3}], "
      "[%4];" ::"r"(to),
      "l"(&map), "r"(x), "r"(y), "r"(barrier)
      : "memory");
}

// The same to that address in each block of the cluster whose bit is set, counted by the barrier of each.
__device__ __forceinline__ void loadForAll(unsigned to, const TensorMap& map, unsigned x, unsigned y,
                                           unsigned barrier, unsigned short ranks) {
  asm volatile(
      "cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::bytes.multicast::cluster [%0], "
      "[%1, {%2, %3}], [%4], %5;" ::"r"(to),
      "l"(&map), "r"(x), "r"(y), "r"(barrier), "h"(ranks)
      : "memory");
}

// Shared memory to the map's box at (x, y), what lies outside the matrix dropped.
__device__ __forceinline__ void store(const TensorMap& map, unsigned x, unsigned y, unsigned from) {
  asm volatile("cp.async.bulk.tensor.2d.global.shared::cta.bulk_group [%0, {%1, %2}], [%3];" ::"l"(&map),
               "r"(x), "r"(y), "r"(from)
               : "memory");
}

// --- shared memory written by threads ---

// Four 8 x 8 matrices of 16-bit elements: lane l holds elements 2 (l mod 4) and the next of row l / 4 of
// each, and gives the address of row l mod 8 of matrix l / 8.
__device__ __forceinline__ void storeMatrices(unsigned to, const unsigned (&x)[4]) {
  asm volatile("stmatrix.sync.aligned.m8n8.x4.shared.b16 [%0], {%1, %2, %3, %4};" ::"r"(to), "r"(x[0]),
               "r"(x[1]), "r"(x[2]), "r"(x[3])
               : "memory");
}

__device__ __forceinline__ void storePair(unsigned to, unsigned x, unsigned y) {
  asm volatile("st.shared.v2.b32 [%0], {%1, %2};" ::"r"(to), "r"(x), "r"(y) : "memory");
}

// --- global memory, between the blocks of a grid ---

__device__ __forceinline__ void leave(unsigned* to, const unsigned (&x)[4]) {
  asm volatile("st.global.v4.b32 [%0], {%1, %2, %3, %4};" ::"l"(to), "r"(x[0]), "r"(x[1]), "r"(x[2]),
               "r"(x[3])
               : "memory");
}

// Counts one more, and returns how many there were. What was left before, by this thread and by those that it
// has met, is there for whoever counts after, and for those that meet it.
__device__ __forceinline__ unsigned countArrival(unsigned* counter) {
  unsigned before;
  asm volatile("atom.acq_rel.gpu.global.add.u32 %0, [%1], 1;" : "=r"(before) : "l"(counter) : "memory");
  return before;
}

// From the L2 cache: the L1 may hold what was there before.
__device__ __forceinline__ void take(const unsigned* from, unsigned (&x)[4]) {
  asm volatile("ld.global.cg.v4.b32 {%0, %1, %2, %3}, [%4];"
               : "=r"(x[0]), "=r"(x[1]), "=r"(x[2]), "=r"(x[3])
               : "l"(from));
}

// A word that nobody writes while the kernel runs.
__device__ __forceinline__ unsigned fetch(const unsigned* from) {
  unsigned word;
  asm volatile("ld.global.nc.b32 %0, [%1];" : "=r"(word) : "l"(from));
  return word;
}

// --- wgmma, but for the multiply itself ---

// Before the first multiply, and again when a thread has touched the sums.
__device__ __forceinline__ void fenceSums() {
  asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
}

__device__ __forceinline__ void commitMultiplies() {
  asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
}

template <unsigned pending>
__device__ __forceinline__ void waitForMultiplies() {
  asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(pending) : "memory");
}

// For the compiler, which does not see that a multiply writes its sums later: nothing that reads them moves
// up beyond this point.
template <unsigned count>
__device__ __forceinline__ void settle(float (&sums)[count]) {
#pragma unroll
  for (unsigned i = 0; i < count; ++i) asm volatile("" : "+f"(sums[i])::"memory");
}
template <typename Word, unsigned count>
__device__ __forceinline__ void settle(Word (&sums)[count]) {
#pragma unroll
  for (unsigned i = 0; i < count; ++i) asm volatile("" : "+r"(sums[i])::"memory");
}

// --- two numbers in one word, the first in its lower half ---

__device__ __forceinline__ unsigned packBf16(float low, float high) {
  unsigned word;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(word) : "f"(high), "f"(low));
  return word;
}

__device__ __forceinline__ unsigned packFp16(float low, float high) {
  unsigned word;
  asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(word) : "f"(high), "f"(low));
  return word;
}

__device__ __forceinline__ unsigned bits(float x) {
  return __float_as_uint(x);
}
__device__ __forceinline__ unsigned bits(int x) {
  return static_cast<unsigned>(x);
}
__device__ __forceinline__ unsigned bits(unsigned x) {
  return x;
}

// A sum and the bits of another of its kind; of two fp16 in a word where it is unsigned.
__device__ __forceinline__ float added(float sum, unsigned x) {
  return sum + __uint_as_float(x);
}
__device__ __forceinline__ int added(int sum, unsigned x) {
  return sum + static_cast<int>(x);
}
__device__ __forceinline__ unsigned added(unsigned sum, unsigned x) {
  unsigned word;
  asm("add.rn.f16x2 %0, %1, %2;" : "=r"(word) : "r"(sum), "r"(x));
  return word;
}

}  // namespace nameplate::hopper
