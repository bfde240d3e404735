// GEMM over an A with 2:4 structured sparsity on tensor cores, through mma.sp, from Ampere on: tf32, fp16,
// bf16 and int8, and FP8 where it is native. Documents count the zeros as if they were multiplied, and so do
// we.
//
// Compiled and run by an emulation; not yet run on a GPU. The order of the metadata is that of the PTX ISA's
// tables, which nothing here could hold against a device.
//
// As mma.cu, but a multiply takes 32 bytes of compressed A and 64 of B. A step of the pipeline has rows of 64
// bytes of A and of 128 of B, in two halves so that all rows are of 64, and the metadata behind them, a word
// for each lane. B would take twice the registers: so only its first fragment of a slab comes ahead, the
// others while the one before is multiplied, and a stage is given back a step later.
//
// As compiled: shared memory (bytes of K: 8 bits more metadata), registers (none spilled), and the share of
// multiplies in the inner loop:
//    tile     per warp  threads  KiB  blocks  sm_80      sm_89      sm_120
//    256x128  64 x 64   256      102  1       217 41 %
//    128x128  64 x 64   128       75  2 (1)   221 39 %   221 39 %   216 32 %
//    64x64    32 x 32   128       50  2        96 17 %    96 17 %    86
// In brackets what compute capability 8.6, 8.9 and 12.0 have room for.
//
// Shared memory limits it: of 128 bytes a clock the large tile reads and fills as many as the tensor cores of
// an A100 take clocks, and two blocks of the middle one 1.15 times as many. Published for cuSPARSELt
// there: 1.1 times the dense product (fp16, 4096), 1.3 (int8). Predicted here: 1.2 to 1.5 times.
#include "kernels/sparse_gemm.h"

namespace nameplate {

#define NAMEPLATE_KERNEL(format, bytes, m, n, warpM, warpN, stages, blocks)                           \
  extern "C" __global__ void __launch_bounds__(sparseTile<m, n, warpM, warpN, stages, bytes>.threads, \
                                               blocks)                                                \
      gemm_sparse_##format##_##m##x##n##_##warpM##x##warpN(const SparseGemmParameters p) {            \
    SparseGemm<sparse::format, sparseTile<m, n, warpM, warpN, stages, bytes>, warpM, warpN>::run(p);  \
  }

NAMEPLATE_SPARSE_KERNELS(NAMEPLATE_KERNEL)
#if NAMEPLATE_TARGET == 80 || NAMEPLATE_TARGET == 90 || NAMEPLATE_TARGET == 100 || !defined(__CUDACC__)
NAMEPLATE_SPARSE_LARGE_KERNELS(NAMEPLATE_KERNEL)
#endif
#if NAMEPLATE_TARGET == 89 || NAMEPLATE_TARGET >= 120
NAMEPLATE_SPARSE_FP8_KERNELS(NAMEPLATE_KERNEL)
#endif

#undef NAMEPLATE_KERNEL

}  // namespace nameplate
