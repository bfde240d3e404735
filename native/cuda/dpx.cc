#include "cuda/dpx.h"

#include <array>

#include "kernels/parameters.h"

namespace nameplate::cuda {
namespace {

static_assert(DpxLoop::threads == dpxThreads && DpxLoop::chains == dpxChains &&
              DpxLoop::stepsPerRound == dpxStepsPerRound);

// In the order of DpxFunction.
constexpr std::array<const char*, 4> names{"dpx_viaddmax_s32", "dpx_viaddmax_s16x2",
                                           "dpx_viaddmax_s16x2_relu", "dpx_vimax3_s32"};

// CUDA Programming Guide 13.x, table "Feature Support per Compute Capability", row DPX: "Native" for 9.0 and
// 10.x, "Multiple Instr." for 7.x, 8.x, 11.0 and 12.x. The assembler agrees: test/disassembly-dpx.test.ts.
bool nativeOn(int capability) {
  return capability / 10 == 9 || capability / 10 == 10;
}

std::string noteOf(const OwnKernel& own, bool native) {
  const std::string capability = "compute capability " + own.context()->capabilityText();
  if (native && own.imageCapability() >= 90) return "native: one instruction each on " + capability;
  if (native)
    return "emulated: " + own.image() + " spells out what " + capability + " does in one instruction";
  return "emulated: " + capability + " is not documented to have DPX instructions, and others do their work";
}

}  // namespace

Kernel dpxLoop(OwnKernels& kernels, const DpxLoop& loop) {
  if (loop.steps == 0 || loop.steps % dpxStepsPerRound != 0)
    throw Error("EINVAL", "a DPX loop takes its steps " + std::to_string(dpxStepsPerRound) +
                              " at a time: " + std::to_string(loop.steps) + " is not a multiple above 0");
  const OwnKernel own = kernels.find("dpx", names[static_cast<std::size_t>(loop.function)]);
  const bool native = nativeOn(own.context()->capability());
  Kernel kernel;
  kernel.name = names[static_cast<std::size_t>(loop.function)] + (" (" + own.image()) + "), " +
                std::to_string(loop.blocks) + " blocks of " + std::to_string(dpxThreads) + " threads, " +
                std::to_string(dpxChains) + " chains each";
  kernel.resource = "dpx";
  kernel.tuned = false;
  kernel.emulated = !native || own.imageCapability() < 90;
  kernel.note = noteOf(own, native) + "; not yet run on a GPU";
  kernel.launch = [own, loop](const Operands& operands) {
    own.launch(static_cast<unsigned>(loop.blocks), {dpxThreads, 1},
               DpxParameters{reinterpret_cast<unsigned*>(operands.out),
                             reinterpret_cast<const unsigned*>(operands.a), loop.steps / dpxStepsPerRound});
  };
  return kernel;
}

}  // namespace nameplate::cuda
