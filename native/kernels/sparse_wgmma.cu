// GEMM over A with 2:4 structured sparsity by Hopper's wgmma.sp: the blocks, pipeline and way to C of
// wgmma.cu, sm_90a alone.
//
// Compiled and run by an emulation of these instructions; not yet run on a GPU.
//
// A multiply takes 32 bytes of each row of compressed A, and 64 of B, for which that stands. So a stage is
// 128 bytes of A, as in wgmma.cu, and 256 of B: two tiles of the 128-byte swizzle, one behind the other. The
// metadata goes from global memory straight into the registers of those that multiply, a word for each lane
// and 128 bytes of K of B (64 in 8-bit formats): it is an eighth of what a stage has of A (a quarter), and
// one step's multiplies hide its way.
//
// What limits them is the shared memory, from which every 64 rows of A read all of B, twice as much as where
// A is whole, in the time of one multiply. By WgmmaTile::stepClocks 128 x 256 and 256 x 128 reach 57 % of the
// sparse rate, 128 x 128 50 %: 1.14 times the dense rate, not 2. And 128 x 256 has room for two stages only:
// one is filled while the other is multiplied, and what the copy engine then takes longer is lost.
//
// Budget as there. No spills in any:
//   tile      stages  cluster   bytes    registers for sums, and for metadata (8-bit)
//   128x256   2       2x1       196648   128, 4 (8)
//   256x128   3       1x2       229432   128, 8 (16)
//   128x128   4       2x1       229448   64, 4 (8)
//   128x64    6       1x1       229480   32, 4 (8)
//   64x128    5       1x1       221272   64, 4 (8), of one consumer
#include "kernels/sparse_wgmma_gemm.h"

namespace nameplate {

#define NAMEPLATE_KERNEL(format, m, n, stages, clusterM, clusterN)                      \
  extern "C" __global__ void __cluster_dims__(clusterM* clusterN, 1, 1)                 \
      __launch_bounds__(sparseWgmmaTile<m, n, stages, clusterM, clusterN>.threads(), 1) \
          gemm_sparse_wgmma_##format##_##m##x##n##_##clusterM##x##clusterN(             \
              const __grid_constant__ SparseWgmmaParameters p) {                        \
    SparseWgmmaGemm<sparse::format, sparseWgmmaTile<m, n, stages, clusterM, clusterN>>{ \
        p, {p.product, sharedMemory(), rankInCluster()}}                                \
        .run();                                                                         \
  }
NAMEPLATE_SPARSE_WGMMA_KERNELS(NAMEPLATE_KERNEL)

}  // namespace nameplate
