#include "cuda/wgmma.h"

#include "cuda/tensormap.h"
#include "cuda/wgmma_launcher.h"

namespace nameplate::cuda {
namespace {

const GemmKernel<WgmmaTile> table[] = {
#define NAMEPLATE_ROW(name, m, n, stages, clusterM, clusterN)     \
  {format::name,                                                  \
   "gemm_wgmma_" #name "_" #m "x" #n "_" #clusterM "x" #clusterN, \
   {m, n, stages, clusterM, clusterN}},
    NAMEPLATE_WGMMA_KERNELS(NAMEPLATE_ROW)
#undef NAMEPLATE_ROW
};

}  // namespace

std::string wgmmaRefusal(const WgmmaTile& tile, const GemmShape& s) {
  if (!canMapTensors())
    return "the driver cannot describe matrices to the copy engine: it needs one for CUDA 12.0 or newer";
  if (!s.aligned) return "takes matrices that start on 16-byte boundaries";
  const std::size_t in = row(s.dtype).bytes, out = row(row(s.dtype).output).bytes;
  if ((s.k > 0 && (s.lda * in % 16 != 0 || s.ldb * in % 16 != 0)) || s.ldc * out % 16 != 0)
    return "takes rows of whole 16 bytes: leading dimensions of A and B that are multiples of " +
           std::to_string(16 / in) + ", of C " + std::to_string(16 / out);
  constexpr std::size_t mostElements = 0x7fff0000, mostBytes = std::size_t{1} << 40;
  if (s.m > mostElements || s.n > mostElements || s.k > mostElements || s.lda * in >= mostBytes ||
      s.ldb * in >= mostBytes || s.ldc * out >= mostBytes)
    return "takes at most 2^31 - 2^16 rows and columns, and rows less than 2^40 bytes apart";
  const WgmmaGrid grid(tile, s.m, s.n, 0, 1);
  if (grid.down > 0 && grid.across > 0x7fffffff / grid.down) return "takes C of at most 2^31 - 1 tiles";
  return "";
}

WgmmaParameters wgmmaParameters(const WgmmaTile& tile, const WgmmaGrid& grid, const GemmShape& s,
                                const Operands& operands) {
  WgmmaParameters p{};
  p.c = tensorMap(row(s.dtype).output, operands.out, s.m, s.n, s.ldc, WgmmaTile::pieceRows);
  // With K = 0 there are no matrices to describe, and none is read.
  p.a = s.k == 0 ? p.c : tensorMap(s.dtype, operands.a, s.m, s.k / tile.partsOfB, s.lda, tile.rowsOfA());
  p.b = s.k == 0 ? p.c : tensorMap(s.dtype, operands.b, s.n, s.k, s.ldb, tile.rowsOfB());
  p.down = static_cast<unsigned>(grid.down);
  p.across = static_cast<unsigned>(grid.across);
  p.group = WgmmaGrid::group;
  p.steps = static_cast<unsigned>(grid.steps);
  p.stepsOfPart = static_cast<unsigned>(grid.stepsOfPart);
  p.parts = static_cast<unsigned>(grid.parts);
  return p;
}

std::size_t wgmmaBytesOfK(const GemmShape& shape) {
  return shape.k / (shape.sparse ? 2 : 1) * row(shape.dtype).bytes;
}

namespace {

struct Family {
  using Parameters = WgmmaParameters;
  static std::span<const GemmKernel<WgmmaTile>> kernels() { return table; }
  static Parameters complete(const WgmmaParameters& product, const GemmShape&, const Operands&) {
    return product;
  }
};

}  // namespace

std::vector<GemmConfiguration> wgmmaConfigurations() {
  return wgmmaFamily<Family>("wgmma");
}

}  // namespace nameplate::cuda
