// By system calls and not by libnuma: three numbers do not need a library.
#include "cuda/numa.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

#include "cpu/placement.h"

namespace nameplate::cuda {
namespace {

namespace fs = std::filesystem;

constexpr int bind = 2;  // MPOL_BIND of linux/mempolicy.h
constexpr std::size_t mostNodes = 1024, wordBits = 8 * sizeof(unsigned long);

std::string line(const fs::path& file) {
  std::ifstream in(file);
  std::string text;
  std::getline(in, text);
  return text;
}

// "32.0 GT/s PCIe" as 5; 0 for "Unknown".
double generationOf(const std::string& speed) {
  constexpr double gigatransfers[] = {2.5, 5, 8, 16, 32, 64};
  const double said = std::strtod(speed.c_str(), nullptr);
  const auto* const found = std::ranges::find(gigatransfers, said);
  return found == std::end(gigatransfers) ? 0 : static_cast<double>(found - gigatransfers + 1);
}

std::optional<LinkEnd> endOf(const fs::path& port) {
  const LinkEnd end{generationOf(line(port / "max_link_speed")),
                    std::strtod(line(port / "max_link_width").c_str(), nullptr)};
  // 255 lanes are how the system says that it does not know.
  return end.generation > 0 && end.width > 0 && end.width <= 32 ? std::optional(end) : std::nullopt;
}

}  // namespace

PciPlace pciPlace(const std::string& busId, const fs::path& root) {
  // Eight digits of a domain where the system writes four.
  std::string name = busId.size() > 12 ? busId.substr(busId.size() - 12) : busId;
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
  std::error_code absent;
  const fs::path device = fs::canonical(root / "sys/bus/pci/devices" / name, absent);
  if (absent) return {};
  PciPlace place;
  const std::string node = line(device / "numa_node");  // -1 where there is none
  if (!node.empty() && std::atoi(node.c_str()) >= 0) place.node = std::atoi(node.c_str());
  place.card = endOf(device);
  place.slot = endOf(device.parent_path());
  return place;
}

std::vector<int> hostNodes(const fs::path& root) {
  const fs::path all = root / "sys/devices/system/node";
  const auto withCpu = cpu::parseCpuList(line(all / "has_cpu"));
  std::vector<int> nodes = cpu::parseCpuList(line(all / "has_memory"));
  std::erase_if(nodes, [&](int node) { return std::ranges::find(withCpu, node) == withCpu.end(); });
  return nodes;
}

std::optional<FarNode> farthestFrom(int own, const fs::path& root) {
  const fs::path all = root / "sys/devices/system/node";
  const std::vector<int> nodes = hostNodes(root);
  std::istringstream distances(line(all / ("node" + std::to_string(own)) / "distance"));
  std::optional<FarNode> farthest;
  // One for each node that is online, in their order.
  for (const int node : cpu::parseCpuList(line(all / "online"))) {
    int distance = 0;
    if (!(distances >> distance)) break;
    if (node == own || std::ranges::find(nodes, node) == nodes.end()) continue;
    if (!farthest || distance > farthest->distance) farthest = FarNode{node, distance};
  }
  return farthest;
}

OnNode::OnNode(int node) : nodes_(mostNodes / wordBits) {
  // Both may be forbidden, as in a container without CAP_SYS_NICE.
  const auto refused = [&](const char* call) {
    throw Unsupported(std::string("host memory of NUMA node ") + std::to_string(node) +
                      " is not to be had: " + call + " says " + std::strerror(errno));
  };
  if (syscall(SYS_get_mempolicy, &mode_, nodes_.data(), mostNodes, nullptr, 0) != 0) refused("get_mempolicy");
  std::vector<unsigned long> wanted(nodes_.size());
  const auto bit = static_cast<std::size_t>(node);
  if (bit < mostNodes) wanted[bit / wordBits] = 1ul << bit % wordBits;
  if (syscall(SYS_set_mempolicy, bind, wanted.data(), mostNodes) != 0) refused("set_mempolicy");
}

OnNode::~OnNode() {
  syscall(SYS_set_mempolicy, mode_, nodes_.data(), mostNodes);
}

}  // namespace nameplate::cuda
