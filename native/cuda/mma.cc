#include "cuda/mma.h"

#include "cuda/gemm_format.h"
#include "kernels/mma.h"

namespace nameplate::cuda {
namespace {

struct Row {
  GemmFormat format;
  const char* kernel;
  GemmTile tile;
};

#define NAMEPLATE_ROW(name, m, n, warpM, warpN, stages, blocks) \
  {format::name, "gemm_mma_" #name "_" #m "x" #n "_" #warpM "x" #warpN, mmaTile<m, n, warpM, warpN, stages>},
const Row ordinary[] = {NAMEPLATE_MMA_KERNELS(NAMEPLATE_ROW)};
const Row ofTuring[] = {NAMEPLATE_MMA_TURING_KERNELS(NAMEPLATE_ROW)};
const Row nativeFp8[] = {NAMEPLATE_MMA_NATIVE_FP8_KERNELS(NAMEPLATE_ROW)};
const Row fp8[] = {NAMEPLATE_MMA_FP8_KERNELS(NAMEPLATE_ROW)};
#undef NAMEPLATE_ROW

constexpr int any = 9999;
constexpr GemmDevices turing{75, 79, "built for speed, and not yet run on a GPU"};
constexpr GemmDevices beforeHopper{80, 89, turing.note};
constexpr GemmDevices ada{89, 89, beforeHopper.note};
constexpr GemmDevices hopper{90, 90, "mma.sync, which does not reach this device's full rate: wgmma does"};
constexpr GemmDevices blackwell{100, 119,
                                "mma.sync, which does not reach this device's full rate: tcgen05 does"};
constexpr GemmDevices later{120, any, beforeHopper.note};
constexpr GemmDevices converting{
    90, 119, "mma.sync over fp8, which on this device becomes conversions and fp16 tensor instructions"};

void add(std::vector<GemmConfiguration>& all, std::span<const Row> rows,
         std::initializer_list<GemmDevices> devices) {
  for (const auto& [format, kernel, tile] : rows)
    for (const auto& [from, to, note] : devices)
      all.push_back({format.dtype, format.accumulator, from, to, "mma", kernel, tile, tiled, format.resource,
                     format.needs, note});
}

}  // namespace

std::vector<GemmConfiguration> mmaConfigurations() {
  std::vector<GemmConfiguration> all;
  add(all, ofTuring, {turing});
  add(all, ordinary, {beforeHopper, hopper, blackwell, later});
  add(all, nativeFp8, {ada, later});
  add(all, fp8, {ada, converting, later});
  return all;
}

}  // namespace nameplate::cuda
