#include "cuda/sparse.h"

#include "cuda/gemm_format.h"
#include "kernels/sparse.h"
#include "pruning.h"

namespace nameplate::cuda {
namespace {

using Kernel = GemmKernel<GemmTile>;

#define NAMEPLATE_ROW(name, bytes, m, n, warpM, warpN, stages, blocks)           \
  {sparseFormat::name, "gemm_sparse_" #name "_" #m "x" #n "_" #warpM "x" #warpN, \
   sparseTile<m, n, warpM, warpN, stages, bytes>},
const Kernel large[] = {NAMEPLATE_SPARSE_LARGE_KERNELS(NAMEPLATE_ROW)};
const Kernel ordinary[] = {NAMEPLATE_SPARSE_KERNELS(NAMEPLATE_ROW)};
const Kernel fp8[] = {NAMEPLATE_SPARSE_FP8_KERNELS(NAMEPLATE_ROW)};
#undef NAMEPLATE_ROW

constexpr GemmDevices ampere{80, 80, builtForSpeed};
constexpr GemmDevices beforeHopper{80, 89, builtForSpeed};
constexpr GemmDevices ada{89, 89, builtForSpeed};
constexpr GemmDevices hopper{90, 90, "mma.sp, which is not this device's own: wgmma.sp is"};
constexpr GemmDevices blackwell{100, 119,
                                "mma.sp, which does not reach this device's full rate: tcgen05 does"};
constexpr GemmDevices later{120, anyLater, builtForSpeed};

std::string refusal(const GemmConfiguration& configuration, const GemmShape& shape) {
  if (!shape.aligned || shape.ldb * row(shape.dtype).bytes % 16 != 0)
    return "takes matrices that start on 16-byte boundaries, and so do their rows";
  return tiled.refusal(configuration, shape);
}

std::function<void(const Operands&)> prepare(const OwnKernel& kernel, const GemmConfiguration& configuration,
                                             const GemmShape& shape, Workspace&) {
  const GemmTile tile = configuration.tile;
  const std::size_t tiles = (shape.m + tile.m - 1) / tile.m * ((shape.n + tile.n - 1) / tile.n);
  const std::size_t metadataAt = SparseLayout{shape.dtype, shape.m, shape.k}.metadataAt();
  kernel.allowSharedBytes(tile.sharedBytes);
  return [=](const Operands& operands) {
    const SparseGemmParameters p{
        {reinterpret_cast<const void*>(operands.a), reinterpret_cast<const void*>(operands.b),
         reinterpret_cast<void*>(operands.out), shape.m, shape.n, shape.k, shape.lda, shape.ldb, shape.ldc},
        reinterpret_cast<const void*>(operands.a + metadataAt)};
    kernel.launch(static_cast<unsigned>(tiles), {tile.threads, 1}, p, tile.sharedBytes);
  };
}

std::size_t pick(std::span<const GemmConfiguration* const> candidates, const GemmShape& shape,
                 unsigned multiprocessors) {
  return tiled.pick(candidates, shape, multiprocessors);
}

std::string cut(const GemmConfiguration&, const GemmShape&, unsigned) {
  return "";
}

const GemmLauncher launcher{refusal, prepare, pick, cut};

}  // namespace

std::vector<GemmConfiguration> sparseConfigurations() {
  std::vector<GemmConfiguration> all;
  const auto add = [&all](std::span<const Kernel> kernels, std::initializer_list<GemmDevices> devices) {
    append(all, "sparse", launcher, kernels, devices);
  };
  add(large, {ampere, hopper, blackwell});
  add(ordinary, {beforeHopper, hopper, blackwell, later});
  add(fp8, {ada, later});
  return all;
}

}  // namespace nameplate::cuda
