#include "workload.h"

namespace nameplate {

Workload makeWorkload(Device& device, const Operation& operation, const Shape& shape, Data data,
                      std::uint64_t seed) {
  struct Maker {
    Device& device;
    const Shape& shape;
    Data data;
    std::uint64_t seed;
    auto operator()(const GemmOperation& o) const { return gemmWorkload(device, o, shape, data, seed); }
    auto operator()(const MemoryOperation& o) const { return memoryWorkload(device, o, shape, data, seed); }
    auto operator()(const CacheOperation& o) const { return cacheWorkload(device, o, shape, data, seed); }
    auto operator()(const LatencyOperation& o) const { return latencyWorkload(device, o, shape, data, seed); }
    auto operator()(const LaunchOperation& o) const { return launchWorkload(device, o, shape, data, seed); }
    auto operator()(const DpxOperation& o) const { return dpxWorkload(device, o, shape, data, seed); }
    auto operator()(const PeerOperation& o) const { return peerWorkload(device, o, shape, data, seed); }
    auto operator()(const LinkOperation& o) const { return linkWorkload(device, o, shape, data, seed); }
  };
  return std::visit(Maker{device, shape, data, seed}, operation.what);
}

}  // namespace nameplate
