// GEMM over A with 2:4 structured sparsity.
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
