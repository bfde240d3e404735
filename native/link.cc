// Link rows: copies between host and device memory, one way or both at once, from pinned or pageable memory.
//
// Host memory is the device's own NUMA node's where the system names one, or another node's where the row is
// of that. Of both ways at once, each has its own half of the buffers.
#include "copy.h"
#include "cpu/memory.h"

namespace nameplate {
namespace {

constexpr std::size_t grain = 16;

std::size_t waysOf(Direction direction) {
  return direction == Direction::both ? 2 : 1;
}

std::unique_ptr<Trial> linkTrial(Device& device, const LinkOperation& operation, std::size_t bytes,
                                 std::uint64_t seed, const std::string& provider) {
  const Direction direction = operation.direction;
  const std::size_t ways = waysOf(direction), back = (ways - 1) * bytes;
  Kernel kernel = device.link(direction, operation.memory, bytes, provider);
  auto host = device.allocateHost(ways * bytes, operation.memory);
  auto onDevice = device.allocate(ways * bytes);
  // The rate of the link is documented, and not that of the way between two nodes, which the system may have
  // chosen where it lets nobody else.
  if (operation.memory == HostMemory::far || !host->placed()) kernel.resource = "none";
  if (const std::string where = host->where(); !where.empty())
    kernel.note += (kernel.note.empty() ? "host memory " : "; host memory ") + where;
  // The way to the device uses the first half of both buffers, the way back the second.
  const auto part = [&](Buffer& buffer, std::size_t offset, const char* where) {
    return Pattern(device, buffer, offset, bytes, seed, where);
  };
  std::vector<CopyTrial::Way> all;
  if (direction != Direction::deviceToHost)
    all.push_back({part(*host, 0, " at the source, on the host"),
                   part(*onDevice, 0, ways == 2 ? " on the device" : "")});
  if (direction != Direction::hostToDevice)
    all.push_back({part(*onDevice, back, " at the source, on the device"),
                   part(*host, back, ways == 2 ? " on the host" : "")});
  const Operands operands = direction == Direction::deviceToHost
                                ? Operands{host->address(), onDevice->address(), 0}
                                : Operands{onDevice->address(), host->address(), 0};
  std::vector<std::unique_ptr<Buffer>> buffers;
  buffers.push_back(std::move(host));
  buffers.push_back(std::move(onDevice));
  return std::make_unique<CopyTrial>(device, std::move(kernel), std::move(buffers), std::move(all), operands);
}

}  // namespace

Workload linkWorkload(Device& device, const LinkOperation& operation, const Shape& shape, Data,
                      std::uint64_t seed) {
  const std::size_t bytes = shape.bytes / grain * grain;
  if (bytes == 0) throw Error("ERANGE", "a link row needs copies of at least 16 bytes");
  return [&device, operation, bytes, seed](const std::string& provider) {
    cpu::requireAvailable(static_cast<double>(waysOf(operation.direction)) * static_cast<double>(bytes));
    return linkTrial(device, operation, bytes, seed, provider);
  };
}

}  // namespace nameplate
