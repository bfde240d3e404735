// How the families of wgmma kernels are launched. A Family has
//
//   Parameters                                  what its kernels take, with a WgmmaParameters in it
//   kernels()                                   a span of GemmKernel<WgmmaTile>
//   complete(WgmmaParameters, GemmShape, Operands)  the parameters of a launch
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <tuple>
#include <utility>

#include "cuda/gemm_format.h"
#include "cuda/wgmma.h"

namespace nameplate::cuda {

inline WgmmaGrid wgmmaBestGrid(const WgmmaTile& tile, const GemmShape& shape, unsigned multiprocessors) {
  return WgmmaGrid::best(tile, shape.m, shape.n, wgmmaBytesOfK(shape), multiprocessors);
}

// One shape's launches by one kernel. The copy engine's view of a matrix depends on its address, and timing
// goes round the same few sets of buffers: what was encoded for a set is kept, so that it is not timed.
template <typename Family>
class WgmmaLaunches {
 public:
  WgmmaLaunches(OwnKernel kernel, const WgmmaTile& tile, const GemmShape& shape, Workspace& workspace)
      : kernel_(std::move(kernel)),
        tile_(tile),
        shape_(shape),
        grid_(wgmmaBestGrid(tile, shape, kernel_.context()->multiprocessors())) {
    kernel_.allowSharedBytes(tile.sharedBytes());
    if (grid_.parts > 1) workspace_ = workspace.holding(grid_.partialBytes(tile));
  }

  void launch(const Operands& operands) {
    kernel_.context()->bind();  // encoding wants a context too
    const auto [at, isNew] = encoded_.try_emplace({operands.out, operands.a, operands.b});
    if (isNew) try {
        WgmmaParameters product = wgmmaParameters(tile_, grid_, shape_, operands);
        if (workspace_) share(product);
        at->second = Family::complete(product, shape_, operands);
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
  std::map<std::tuple<std::uintptr_t, std::uintptr_t, std::uintptr_t>, typename Family::Parameters> encoded_;
};

template <typename Family>
const WgmmaTile& wgmmaTileOf(const GemmConfiguration& configuration) {
  for (const auto& kernel : Family::kernels())
    if (kernel.name == configuration.kernel) return kernel.tile;
  throw Error("EINVAL", std::string(configuration.kernel) + " is none of " + configuration.family);
}

template <typename Family>
inline const GemmLauncher wgmmaLauncher{
    [](const GemmConfiguration& configuration, const GemmShape& shape) {
      return wgmmaRefusal(wgmmaTileOf<Family>(configuration), shape);
    },
    [](const OwnKernel& kernel, const GemmConfiguration& configuration, const GemmShape& shape,
       Workspace& workspace) -> std::function<void(const Operands&)> {
      const auto launches = std::make_shared<WgmmaLaunches<Family>>(
          kernel, wgmmaTileOf<Family>(configuration), shape, workspace);
      return [launches](const Operands& operands) { launches->launch(operands); };
    },
    // The one whose turns take the fewest clocks; the larger tile of two that take the same.
    [](std::span<const GemmConfiguration* const> candidates, const GemmShape& shape,
       unsigned multiprocessors) {
      const auto cost = [&](const GemmConfiguration* candidate) {
        const WgmmaTile& tile = wgmmaTileOf<Family>(*candidate);
        return std::pair(wgmmaBestGrid(tile, shape, multiprocessors).clocks,
                         -static_cast<long long>(tile.m * tile.n));
      };
      return static_cast<std::size_t>(std::ranges::min_element(candidates, {}, cost) - candidates.begin());
    },
    [](const GemmConfiguration& configuration, const GemmShape& shape, unsigned multiprocessors) {
      const WgmmaGrid grid = wgmmaBestGrid(wgmmaTileOf<Family>(configuration), shape, multiprocessors);
      return grid.parts == 1 ? "" : "K in " + std::to_string(grid.parts) + " parts";
    }};

template <typename Family>
std::vector<GemmConfiguration> wgmmaFamily(const char* name) {
  std::vector<GemmKernel<GemmTile>> kernels;
  for (const auto& [format, kernel, tile] : Family::kernels())
    kernels.push_back({format, kernel, {tile.m, tile.n, tile.threads(), tile.sharedBytes()}});
  std::vector<GemmConfiguration> all;
  append(all, name, wgmmaLauncher<Family>, kernels, {{90, 90, builtForSpeed}});
  return all;
}

}  // namespace nameplate::cuda
