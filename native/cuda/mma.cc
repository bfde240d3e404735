#include "cuda/mma.h"

#include "cuda/gemm_format.h"
#include "kernels/mma.h"

namespace nameplate::cuda {
namespace {

using Kernel = GemmKernel<GemmTile>;

#define NAMEPLATE_ROW(name, m, n, warpM, warpN, stages, blocks) \
  {format::name, "gemm_mma_" #name "_" #m "x" #n "_" #warpM "x" #warpN, mmaTile<m, n, warpM, warpN, stages>},
const Kernel ordinary[] = {NAMEPLATE_MMA_KERNELS(NAMEPLATE_ROW)};
const Kernel ofTuring[] = {NAMEPLATE_MMA_TURING_KERNELS(NAMEPLATE_ROW)};
const Kernel nativeFp8[] = {NAMEPLATE_MMA_NATIVE_FP8_KERNELS(NAMEPLATE_ROW)};
const Kernel fp8[] = {NAMEPLATE_MMA_FP8_KERNELS(NAMEPLATE_ROW)};
#undef NAMEPLATE_ROW

constexpr GemmDevices turing{75, 79, builtForSpeed};
constexpr GemmDevices beforeHopper{80, 89, builtForSpeed};
constexpr GemmDevices ada{89, 89, builtForSpeed};
constexpr GemmDevices hopper{90, 90, "mma.sync, which does not reach this device's full rate: wgmma does"};
constexpr GemmDevices blackwell{100, 119,
                                "mma.sync, which does not reach this device's full rate: tcgen05 does"};
constexpr GemmDevices later{120, anyLater, builtForSpeed};
constexpr GemmDevices converting{
    90, 119, "mma.sync over fp8, which on this device becomes conversions and fp16 tensor instructions"};

}  // namespace

std::vector<GemmConfiguration> mmaConfigurations() {
  std::vector<GemmConfiguration> all;
  const auto add = [&all](std::span<const Kernel> kernels, std::initializer_list<GemmDevices> devices) {
    append(all, "mma", tiled, kernels, devices);
  };
  add(ofTuring, {turing});
  add(ordinary, {beforeHopper, hopper, blackwell, later});
  add(nativeFp8, {ada, later});
  add(fp8, {ada, converting, later});
  return all;
}

}  // namespace nameplate::cuda
