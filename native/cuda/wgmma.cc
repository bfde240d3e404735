#include "cuda/wgmma.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "cuda/gemm_format.h"
#include "cuda/tensormap.h"

namespace nameplate::cuda {
namespace {

struct Row {
  GemmFormat format;
  const char* kernel;
  WgmmaTile tile;
};

const Row rows[] = {
#define NAMEPLATE_ROW(name, m, n, stages, clusterM, clusterN)     \
  {format::name,                                                  \
   "gemm_wgmma_" #name "_" #m "x" #n "_" #clusterM "x" #clusterN, \
   {m, n, stages, clusterM, clusterN}},
    NAMEPLATE_WGMMA_KERNELS(NAMEPLATE_ROW)
#undef NAMEPLATE_ROW
};

const WgmmaTile& tileOf(const GemmConfiguration& configuration) {
  for (const Row& row : rows)
    if (row.kernel == configuration.kernel) return row.tile;
  throw Error("EINVAL", std::string(configuration.kernel) + " is no wgmma kernel");
}

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
  p.a = s.k == 0 ? p.c : tensorMap(s.dtype, operands.a, s.m, s.k, s.lda, tile.rowsOfA());
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
  return shape.k * row(shape.dtype).bytes;
}

namespace {

unsigned multiprocessors(const Context& context) {
  return static_cast<unsigned>(context.attribute(CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT));
}

WgmmaGrid bestGrid(const WgmmaTile& tile, const GemmShape& shape, unsigned multiprocessors) {
  return WgmmaGrid::best(tile, shape.m, shape.n, wgmmaBytesOfK(shape), multiprocessors);
}

// One shape's launches by one kernel. The copy engine's view of a matrix depends on its address, and timing
// goes round the same few sets of buffers: what was encoded for a set is kept, so that it is not timed.
class Launches {
 public:
  Launches(OwnKernel kernel, const WgmmaTile& tile, const GemmShape& shape, Workspace& workspace)
      : kernel_(std::move(kernel)),
        tile_(tile),
        shape_(shape),
        grid_(bestGrid(tile, shape, multiprocessors(*kernel_.context()))) {
    kernel_.allowSharedBytes(tile.sharedBytes());
    if (grid_.parts > 1) workspace_ = workspace.holding(grid_.partialBytes(tile));
  }

  void launch(const Operands& operands) {
    kernel_.context()->bind();  // encoding wants a context too
    const auto [at, isNew] = encoded_.try_emplace({operands.out, operands.a, operands.b});
    if (isNew) try {
        at->second = wgmmaParameters(tile_, grid_, shape_, operands);
        if (workspace_) share(at->second);
      } catch (...) {
        encoded_.erase(at);
        throw;
      }
    kernel_.launch(grid_.blocks, {tile_.threads(), 1}, at->second, tile_.sharedBytes());
    if (encoded_.size() > mostEncoded) encoded_.clear();
  }

 private:
  // Who has come is counted at the start; the most blocks that split tiles are as many as multiprocessors.
  void share(WgmmaParameters& p) const {
    p.arrivals = reinterpret_cast<unsigned*>(workspace_->address());
    p.partials = reinterpret_cast<void*>(workspace_->address() + Workspace::counterBytes);
  }

  static constexpr std::size_t mostEncoded = 64;

  OwnKernel kernel_;
  WgmmaTile tile_;
  GemmShape shape_;
  WgmmaGrid grid_;
  std::shared_ptr<const Buffer> workspace_;  // where several blocks share a tile
  std::map<std::tuple<std::uintptr_t, std::uintptr_t, std::uintptr_t>, WgmmaParameters> encoded_;
};

std::string refusal(const GemmConfiguration& configuration, const GemmShape& shape) {
  return wgmmaRefusal(tileOf(configuration), shape);
}

std::function<void(const Operands&)> prepare(const OwnKernel& kernel, const GemmConfiguration& configuration,
                                             const GemmShape& shape, Workspace& workspace) {
  const auto launches = std::make_shared<Launches>(kernel, tileOf(configuration), shape, workspace);
  return [launches](const Operands& operands) { launches->launch(operands); };
}

// The one whose turns take the fewest clocks; the larger tile of two that take the same.
std::size_t pick(std::span<const GemmConfiguration* const> candidates, const GemmShape& shape,
                 unsigned multiprocessors) {
  const auto cost = [&](const GemmConfiguration* candidate) {
    const WgmmaTile& tile = tileOf(*candidate);
    return std::pair(bestGrid(tile, shape, multiprocessors).clocks, -static_cast<long long>(tile.m * tile.n));
  };
  return static_cast<std::size_t>(std::ranges::min_element(candidates, {}, cost) - candidates.begin());
}

std::string cut(const GemmConfiguration& configuration, const GemmShape& shape, unsigned multiprocessors) {
  const WgmmaGrid grid = bestGrid(tileOf(configuration), shape, multiprocessors);
  return grid.parts == 1 ? "" : "K in " + std::to_string(grid.parts) + " parts";
}

const GemmLauncher launcher{refusal, prepare, pick, cut};

}  // namespace

std::vector<GemmConfiguration> wgmmaConfigurations() {
  std::vector<GemmConfiguration> all;
  for (const auto& [format, kernel, tile] : rows)
    all.push_back({format.dtype,
                   format.accumulator,
                   90,
                   90,
                   "wgmma",
                   kernel,
                   {tile.m, tile.n, tile.threads(), tile.sharedBytes()},
                   launcher,
                   format.resource,
                   format.needs,
                   "built for speed, and not yet run on a GPU"});
  return all;
}

}  // namespace nameplate::cuda
