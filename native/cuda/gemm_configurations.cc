#include "cuda/gemm_configurations.h"

#include "cuda/gemm_format.h"
#include "cuda/ladder.h"
#include "cuda/mma.h"
#include "cuda/sparse.h"
#include "cuda/sparse_wgmma.h"
#include "cuda/wgmma.h"

namespace nameplate::cuda {
namespace {

std::size_t tilesOf(const GemmTile& tile, const GemmShape& shape) {
  return (shape.m + tile.m - 1) / tile.m * ((shape.n + tile.n - 1) / tile.n);
}

std::string tiledRefusal(const GemmConfiguration& configuration, const GemmShape& shape) {
  const GemmTile& tile = configuration.tile;
  const double tiles = static_cast<double>((shape.m + tile.m - 1) / tile.m) *
                       static_cast<double>((shape.n + tile.n - 1) / tile.n);
  constexpr double mostBlocks = 0x7fffffff;
  if (tiles <= mostBlocks) return "";
  return "C has more than 2^31 - 1 tiles of " + std::to_string(tile.m) + " x " + std::to_string(tile.n) +
         ", the most that one grid takes: split it";
}

std::function<void(const Operands&)> tiledLaunch(const OwnKernel& kernel,
                                                 const GemmConfiguration& configuration,
                                                 const GemmShape& shape, Workspace&) {
  const GemmTile tile = configuration.tile;
  if (tile.sharedBytes > 0) kernel.allowSharedBytes(tile.sharedBytes);
  return [kernel, shape, tile](const Operands& operands) {
    kernel.launch(
        static_cast<unsigned>(tilesOf(tile, shape)), {tile.threads, 1},
        GemmParameters{reinterpret_cast<const void*>(operands.a), reinterpret_cast<const void*>(operands.b),
                       reinterpret_cast<void*>(operands.out), shape.m, shape.n, shape.k, shape.lda, shape.ldb,
                       shape.ldc},
        tile.sharedBytes);
  };
}

// The largest tile of which C has one for every multiprocessor, or else the smallest: a large one moves less
// per multiplication, and an idle multiprocessor does nothing.
std::size_t tiledPick(std::span<const GemmConfiguration* const> candidates, const GemmShape& shape,
                      unsigned multiprocessors) {
  for (std::size_t i = 0; i < candidates.size(); ++i)
    if (tilesOf(candidates[i]->tile, shape) >= multiprocessors) return i;
  return candidates.size() - 1;
}

std::string tiledCut(const GemmConfiguration&, const GemmShape&, unsigned) {
  return "";
}

}  // namespace

const GemmLauncher tiled{tiledRefusal, tiledLaunch, tiledPick, tiledCut};

namespace {

constexpr int any = anyLater;
constexpr auto full = Accumulator::full, half = Accumulator::half;
using enum DType;

constexpr auto built = builtForSpeed;

// FP64 tensor cores worth using are in 8.0, 9.0 and 10.0 alone; elsewhere the instruction runs at the rate of
// the few FP64 units, or slower.
const GemmConfiguration rows[] = {
    {fp64, full, 80, 80, "dmma", "gemm_dmma_fp64_128x128", dmma128x128, tiled, "tensor.fp64", "", built},
    {fp64, full, 80, 80, "dmma", "gemm_dmma_fp64_128x64", dmma128x64, tiled, "tensor.fp64", "", built},
    {fp64, full, 80, 80, "dmma", "gemm_dmma_fp64_64x64", dmma64x64, tiled, "tensor.fp64", "", built},
    {fp64, full, 90, 90, "dmma", "gemm_dmma_fp64_128x128", dmma128x128, tiled, "tensor.fp64", "", built},
    {fp64, full, 90, 90, "dmma", "gemm_dmma_fp64_128x64", dmma128x64, tiled, "tensor.fp64", "", built},
    {fp64, full, 90, 90, "dmma", "gemm_dmma_fp64_64x64", dmma64x64, tiled, "tensor.fp64", "", built},
    {fp64, full, 100, 100, "dmma", "gemm_dmma_fp64_128x128", dmma128x128, tiled, "tensor.fp64", "", built},
    {fp64, full, 100, 100, "dmma", "gemm_dmma_fp64_128x64", dmma128x64, tiled, "tensor.fp64", "", built},
    {fp64, full, 100, 100, "dmma", "gemm_dmma_fp64_64x64", dmma64x64, tiled, "tensor.fp64", "", built},
    {fp64, full, 80, any, "simt", "gemm_simt_fp64_64x64", simt64x64, tiled, "vector.fp64", "", built},
    {fp64, full, 0, 79, "simt", "gemm_simt_fp64_64x64", beforeAmpere(simt64x64), tiled, "vector.fp64", "",
     built},
    {fp32, full, 80, any, "simt", "gemm_simt_fp32_128x256", simt128x256, tiled, "vector.fp32", "", built},
    {fp32, full, 80, any, "simt", "gemm_simt_fp32_128x128", simt128x128, tiled, "vector.fp32", "", built},
    {fp32, full, 80, any, "simt", "gemm_simt_fp32_64x64", simt64x64, tiled, "vector.fp32", "", built},
    {fp32, full, 0, 79, "simt", "gemm_simt_fp32_128x256", beforeAmpere(simt128x256), tiled, "vector.fp32", "",
     built},
    {fp32, full, 0, 79, "simt", "gemm_simt_fp32_64x64", beforeAmpere(simt64x64), tiled, "vector.fp32", "",
     built},
    {fp16, full, 70, 72, "wmma", "gemm_wmma_fp16_128x128", wmma128x128, tiled, "tensor.fp16",
     "fp16 tensor cores", built},
    {fp16, full, 70, 72, "wmma", "gemm_wmma_fp16_64x64", wmma64x64, tiled, "tensor.fp16", "fp16 tensor cores",
     built},
    {fp16, half, 70, 72, "wmma", "gemm_wmma_fp16_acc16_128x128", wmma128x128, tiled, "tensor.fp16.acc16",
     "fp16 tensor cores", built},
    {fp16, half, 70, 72, "wmma", "gemm_wmma_fp16_acc16_64x64", wmma64x64, tiled, "tensor.fp16.acc16",
     "fp16 tensor cores", built},
    {int8, full, 61, 79, "simt", "gemm_simt_int8_64x64", beforeAmpere(simt64x64), tiled, "none",
     "the dp4a instruction", built},
};

}  // namespace

std::span<const GemmConfiguration> gemmConfigurations() {
  static const std::vector<GemmConfiguration> all = [] {
    std::vector<GemmConfiguration> list = wgmmaConfigurations();
    const auto append = [&list](const auto& more) {
      for (const GemmConfiguration& row : more) list.push_back(row);
    };
    append(mmaConfigurations());
    append(rows);
    append(ladderConfigurations());
    append(sparseWgmmaConfigurations());
    append(sparseConfigurations());
    return list;
  }();
  return all;
}

}  // namespace nameplate::cuda
