#include "cuda/sparse_wgmma.h"

#include "cuda/gemm_format.h"
#include "cuda/wgmma_launcher.h"
#include "kernels/sparse_wgmma.h"
#include "pruning.h"

namespace nameplate::cuda {
namespace {

struct Row {
  GemmFormat format;
  const char* kernel;
  WgmmaTile tile;
};

const Row rows[] = {
#define NAMEPLATE_ROW(name, m, n, stages, clusterM, clusterN)                                \
  {sparseFormat::name, "gemm_sparse_wgmma_" #name "_" #m "x" #n "_" #clusterM "x" #clusterN, \
   sparseWgmmaTile<m, n, stages, clusterM, clusterN>},
    NAMEPLATE_SPARSE_WGMMA_KERNELS(NAMEPLATE_ROW)
#undef NAMEPLATE_ROW
};

struct Family {
  using Parameters = SparseWgmmaParameters;
  static const WgmmaTile& tileOf(const GemmConfiguration& configuration) {
    for (const Row& row : rows)
      if (row.kernel == configuration.kernel) return row.tile;
    throw Error("EINVAL", std::string(configuration.kernel) + " is no sparse wgmma kernel");
  }
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
  std::vector<GemmConfiguration> all;
  for (const auto& [format, kernel, tile] : rows) {
    all.push_back({format.dtype,
                   format.accumulator,
                   90,
                   90,
                   "sparse_wgmma",
                   kernel,
                   {tile.m, tile.n, tile.threads(), tile.sharedBytes()},
                   wgmmaLauncher<Family>,
                   format.resource,
                   format.needs,
                   "built for speed, and not yet run on a GPU"});
    all.back().sparse = true;
  }
  return all;
}

}  // namespace nameplate::cuda
