// Peer rows: copies from one GPU's memory to another's, one way or both at once.
#include "copy.h"

namespace nameplate {
namespace {

std::unique_ptr<Trial> peerTrial(Device& device, bool both, const std::string& peer, std::size_t bytes,
                                 std::uint64_t seed, const std::string& provider) {
  const std::size_t ways = both ? 2 : 1;
  Kernel kernel = device.peerCopy(peer, both, bytes, provider);
  auto here = device.allocate(ways * bytes), there = device.allocateOn(peer, ways * bytes);
  const auto part = [&](Buffer& buffer, std::size_t offset, const char* where) {
    return Pattern(device, buffer, offset, bytes, seed, where);
  };
  // The first halves go there, the second ones come back.
  std::vector<CopyTrial::Way> all{{part(*here, 0, " at the source, here"), part(*there, 0, " on the peer")}};
  if (both) all.push_back({part(*there, bytes, " at the source, on the peer"), part(*here, bytes, " here")});
  const Operands operands{there->address(), here->address(), 0};
  std::vector<std::unique_ptr<Buffer>> buffers;
  buffers.push_back(std::move(here));
  buffers.push_back(std::move(there));
  return std::make_unique<CopyTrial>(device, std::move(kernel), std::move(buffers), std::move(all), operands);
}

}  // namespace

Workload peerWorkload(Device& device, const PeerOperation& operation, const Shape& shape, Data,
                      std::uint64_t seed) {
  if (shape.peer.empty()) throw Unsupported("one device: there is no peer to copy to");
  const std::size_t bytes = shape.bytes / 16 * 16;
  if (bytes == 0) throw Error("ERANGE", "a peer row needs copies of at least 16 bytes");
  return [&device, both = operation.both, peer = shape.peer, bytes, seed](const std::string& provider) {
    return peerTrial(device, both, peer, bytes, seed, provider);
  };
}

}  // namespace nameplate
