// GEMM on tensor cores through mma.sync: fp16 and int8 from Turing on, bf16 and tf32 from Ampere, FP8 from
// Ada. On Hopper and datacentre Blackwell other instructions (wgmma, tcgen05) reach the full rate; this one
// serves what they cannot take.
//
// Compiled and run by an emulation; not yet run on a GPU.
//
// All formats run through one template, because it counts bytes: any multiply takes 32 bytes of K of each
// row. A step of the pipeline is 64 bytes, two slabs of 32. cp.async fills three or four stages; ldmatrix
// brings the fragments of a slab into registers while the slab before is multiplied, across the end of a step
// too, so that between two barriers 64 multiplies of a warp of 64 x 64 wait for nothing. The chunks of 16
// bytes of a row are exchanged so that the eight rows that ldmatrix reads at once lie in different banks. FP8
// is promoted to fp32 every 128 elements of K, or not at all (`_fast`).
//
// As compiled: shared memory, registers (none spilled), and the share of multiplies in the inner loop:
//    tile     per warp  threads  KiB  blocks  sm_80      sm_89      sm_120
//    128x256  64 x 64   256      96   1       228 51 %   228 51 %   238 39 %
//    256x128  64 x 64   256      96   1       232 51 %   232 51 %   238 39 %
//    128x128  64 x 64   128      48   2       236 49 %   236 49 %   242 38 %
//    64x64    32 x 32   128      32   3        92 30 %    92 30 %   106 23 %
//    128x128  64 x 32   256      64   1                  208, of promoted FP8
// The rest are the loads, addresses, and from Ada on UIADD3 that the assembler puts beside QMMA and HMMA.
// fp16 sums take 64 registers less. Turing, whose instructions are smaller and whose rows come through
// registers, has 128x128 by 64 x 32 (150 registers, 32 KiB) and 64x64 (105, 16 KiB).
//
// The version before was of wmma: 64x64 tiles, rows stored between two barriers, 32 x 32 for a warp.
//
// Predicted: bf16 at 4096 on an A100 230 to 250 TFLOPS of 312 (cuBLAS is reported at 244 to 265); on an RTX
// 4090, whose tensor cores take four times as long for a multiply, 95 % of what its clock allows.
#include "kernels/mma_gemm.h"

// The instruction over FP8 came with the PTX of CUDA 12.4.
#define NAMEPLATE_FP8 (!defined(__CUDACC__) || __CUDACC_VER_MAJOR__ * 100 + __CUDACC_VER_MINOR__ >= 1204)

namespace nameplate {

#define NAMEPLATE_KERNEL(format, m, n, warpM, warpN, stages, blocks)                                \
  extern "C" __global__ void __launch_bounds__(mmaTile<m, n, warpM, warpN, stages>.threads, blocks) \
      gemm_mma_##format##_##m##x##n##_##warpM##x##warpN(const GemmParameters p) {                   \
    Gemm<format, mmaTile<m, n, warpM, warpN, stages>, warpM, warpN>::run(p);                        \
  }

#if NAMEPLATE_TARGET < 80
NAMEPLATE_MMA_TURING_KERNELS(NAMEPLATE_KERNEL)
#else
NAMEPLATE_MMA_KERNELS(NAMEPLATE_KERNEL)
#endif
#if NAMEPLATE_TARGET >= 89 && NAMEPLATE_FP8
NAMEPLATE_MMA_FP8_KERNELS(NAMEPLATE_KERNEL)
#if NAMEPLATE_TARGET == 89 || NAMEPLATE_TARGET >= 120
NAMEPLATE_MMA_NATIVE_FP8_KERNELS(NAMEPLATE_KERNEL)
#endif
#endif

#undef NAMEPLATE_KERNEL

}  // namespace nameplate
