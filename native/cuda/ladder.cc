#include "cuda/ladder.h"

#include <array>

#include "cuda/wgmma.h"
#include "kernels/ladder.h"

namespace nameplate::cuda {
namespace {

#define NAMEPLATE_NAME(number) "gemm_ladder_bf16_" #number,
constexpr std::array names{NAMEPLATE_LADDER(NAMEPLATE_NAME)};
#undef NAMEPLATE_NAME
static_assert(names.size() == std::size(ladder));

const LadderStep& stepOf(const GemmConfiguration& configuration) {
  for (std::size_t i = 0; i < names.size(); ++i)
    if (names[i] == configuration.kernel) return ladder[i];
  throw Error("EINVAL", std::string(configuration.kernel) + " is no step of the ladder");
}

std::string refusal(const GemmConfiguration& configuration, const GemmShape& shape) {
  return wgmmaRefusal(stepOf(configuration).tile, shape);
}

std::function<void(const Operands&)> prepare(const OwnKernel& kernel, const GemmConfiguration& configuration,
                                             const GemmShape& shape, Workspace&) {
  const LadderStep step = stepOf(configuration);
  const WgmmaGrid grid(step.tile, shape.m, shape.n, wgmmaBytesOfK(shape),
                       kernel.context()->multiprocessors());
  kernel.allowSharedBytes(step.tile.sharedBytes());
  return [kernel, step, grid, shape](const Operands& operands) {
    kernel.context()->bind();  // encoding wants a context too
    LadderParameters p{wgmmaParameters(step.tile, grid, shape, operands),
                       reinterpret_cast<void*>(operands.out), shape.m, shape.n, shape.ldc};
    unsigned blocks = grid.blocks;
    if (!step.persistent) {
      p.product.group = 1;  // one row of tiles after another
      blocks = p.product.down * p.product.across * step.tile.cluster();
    }
    kernel.launch(blocks, {step.threads(), 1}, p, step.tile.sharedBytes());
  };
}

// They are steps, and no choice: whose name fits first.
std::size_t pick(std::span<const GemmConfiguration* const>, const GemmShape&, unsigned) {
  return 0;
}

std::string cut(const GemmConfiguration&, const GemmShape&, unsigned) {
  return "";
}

const GemmLauncher launcher{refusal, prepare, pick, cut};

}  // namespace

std::vector<GemmConfiguration> ladderConfigurations() {
  std::vector<GemmConfiguration> all;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const WgmmaTile& tile = ladder[i].tile;
    all.push_back({DType::bf16,
                   Accumulator::full,
                   90,
                   90,
                   "ladder",
                   names[i],
                   {tile.m, tile.n, ladder[i].threads(), tile.sharedBytes()},
                   launcher,
                   "tensor.bf16",
                   "bf16 tensor cores",
                   "a step below the kernels of wgmma, to be compared with them; not yet run on a GPU",
                   true});
  }
  return all;
}

}  // namespace nameplate::cuda
