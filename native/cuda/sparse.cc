#include "cuda/sparse.h"

#include "cuda/gemm_format.h"
#include "kernels/sparse.h"
#include "pruning.h"

namespace nameplate::cuda {
namespace {

struct Row {
  GemmFormat format;
  const char* kernel;
  GemmTile tile;
};

#define NAMEPLATE_ROW(name, bytes, m, n, warpM, warpN, stages, blocks)           \
  {sparseFormat::name, "gemm_sparse_" #name "_" #m "x" #n "_" #warpM "x" #warpN, \
   sparseTile<m, n, warpM, warpN, stages, bytes>},
const Row large[] = {NAMEPLATE_SPARSE_LARGE_KERNELS(NAMEPLATE_ROW)};
const Row ordinary[] = {NAMEPLATE_SPARSE_KERNELS(NAMEPLATE_ROW)};
const Row fp8[] = {NAMEPLATE_SPARSE_FP8_KERNELS(NAMEPLATE_ROW)};
#undef NAMEPLATE_ROW

constexpr int any = 9999;
constexpr GemmDevices ampere{80, 80, "built for speed, and not yet run on a GPU"};
constexpr GemmDevices beforeHopper{80, 89, ampere.note};
constexpr GemmDevices ada{89, 89, ampere.note};
constexpr GemmDevices hopper{90, 90, "mma.sp, which is not this device's own: wgmma.sp is"};
constexpr GemmDevices blackwell{100, 119,
                                "mma.sp, which does not reach this device's full rate: tcgen05 does"};
constexpr GemmDevices later{120, any, ampere.note};

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

void add(std::vector<GemmConfiguration>& all, std::span<const Row> rows,
         std::initializer_list<GemmDevices> devices) {
  for (const auto& [format, kernel, tile] : rows)
    for (const auto& [from, to, note] : devices) {
      all.push_back({format.dtype, format.accumulator, from, to, "sparse", kernel, tile, launcher,
                     format.resource, format.needs, note});
      all.back().sparse = true;
    }
}

}  // namespace

std::vector<GemmConfiguration> sparseConfigurations() {
  std::vector<GemmConfiguration> all;
  add(all, large, {ampere, hopper, blackwell});
  add(all, ordinary, {beforeHopper, hopper, blackwell, later});
  add(all, fp8, {ada, later});
  return all;
}

}  // namespace nameplate::cuda
