#include "cuda/sparse_wgmma.h"

#include "cuda/wgmma_launcher.h"
#include "kernels/sparse_wgmma.h"
#include "pruning.h"

namespace nameplate::cuda {
namespace {

const GemmKernel<WgmmaTile> table[] = {
#define NAMEPLATE_ROW(name, m, n, stages, clusterM, clusterN)                                \
  {sparseFormat::name, "gemm_sparse_wgmma_" #name "_" #m "x" #n "_" #clusterM "x" #clusterN, \
   sparseWgmmaTile<m, n, stages, clusterM, clusterN>},
    NAMEPLATE_SPARSE_WGMMA_KERNELS(NAMEPLATE_ROW)
#undef NAMEPLATE_ROW
};

struct Family {
  using Parameters = SparseWgmmaParameters;
  static std::span<const GemmKernel<WgmmaTile>> kernels() { return table; }
  static Parameters complete(const WgmmaParameters& product, const GemmShape& shape,
                             const Operands& operands) {
    const SparseLayout layout{shape.dtype, shape.m, shape.k};
    const std::size_t blockOfK = sparseBlockOfK(static_cast<unsigned>(row(shape.dtype).bytes));
    return {product, reinterpret_cast<const unsigned*>(operands.a + layout.metadataAt()),
            static_cast<unsigned>(layout.blocksDown()), static_cast<unsigned>(shape.k / blockOfK)};
  }
};

}  // namespace

std::vector<GemmConfiguration> sparseWgmmaConfigurations() {
  return wgmmaFamily<Family>("sparse_wgmma");
}

}  // namespace nameplate::cuda
