// GEMM on Hopper's tensor cores: wgmma on operands that the copy engine (TMA) brings, sm_90a alone.
//
// Compiled and run by an emulation of these instructions; not yet run on a GPU.
//
// A thread block computes one tile of C after another, with three warpgroups. The first is the producer: one
// thread of it keeps the copy engine filling a ring of stages, each 128 bytes of K of the tile's rows of A
// and of B. The other two are consumers: each multiplies half of the tile's rows, 64 at a time, and sends its
// sums to C through two slots of shared memory. Two barriers per stage tie them together: `filled` by the
// bytes that came, `empty` by the consumers that are through. Two blocks form a cluster and share one
// operand, of which each loads half for both: so a stage is empty when the consumers of both say so. One
// consumer keeps a step or two ahead of the other, so that they do not store their sums at the same time.
//
// All formats run through one template, because it counts bytes: any multiply takes 32 bytes of K of each
// row. The 128-byte swizzle puts 16-byte chunk c of row r where chunk c xor (r mod 8) would be, for the copy
// engine and the tensor core by themselves, and for C by storeSums. Zeros beyond the edges come from the copy
// engine, which also drops what would be stored there.
//
// Budget, of 232448 bytes of shared memory and 232 registers per thread of a consumer (40 of the producer;
// 168 at the start, where setmaxnreg shares them out anew). No spills in any:
//   tile      stages  cluster   bytes    registers for sums
//   128x256   4       2x1       229448   128
//   256x128   4       1x2       229448   128, promoted 192
//   256x192   3       1x2       204856   192
//   128x192   4       2x1       196680   96
//   128x128   6       2x1, 1x2  229480   64, promoted 128
//   128x64    8       1x1       229512   32, promoted 64
//   64x128    8       1x1       213128   64, promoted 128, of one consumer
//   256x256   3       2x1       229432   128 of fp16 pairs; in the others fp16 sums take half
//
// The steps that led here are kernels too (ladder.cu), and bench/gpu-ladder.mjs climbs them; it has what each
// should reach, 128x256 in bf16 being the last.
#include "kernels/wgmma_gemm.h"

namespace nameplate {

#define NAMEPLATE_KERNEL(format, m, n, stages, clusterM, clusterN)                                           \
  extern "C" __global__ void __cluster_dims__(clusterM* clusterN, 1, 1) __launch_bounds__(                   \
      WgmmaTile{m, n, stages, clusterM, clusterN}.threads(), 1)                                              \
      gemm_wgmma_##format##_##m##x##n##_##clusterM##x##clusterN(const __grid_constant__ WgmmaParameters p) { \
    Gemm<format, WgmmaTile{m, n, stages, clusterM, clusterN}>{p, sharedMemory(), rankInCluster()}.run();     \
  }
NAMEPLATE_WGMMA_KERNELS(NAMEPLATE_KERNEL)

}  // namespace nameplate
