// By system calls and not by libnuma: three numbers do not need a library.
#include "cuda/numa.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sstream>
#include <string>

#include "backend.h"
#include "cpu/placement.h"
#include "cpu/sysfs.h"

namespace nameplate::cuda {
namespace {

namespace fs = std::filesystem;
using cpu::firstLine, cpu::parseCpuList;

constexpr int bind = 2;  // MPOL_BIND of linux/mempolicy.h
constexpr std::size_t mostNodes = 1024, wordBits = 8 * sizeof(unsigned long);

}  // namespace

std::vector<int> hostNodes(const fs::path& root) {
  const fs::path all = root / "sys/devices/system/node";
  const auto withCpu = parseCpuList(firstLine(all / "has_cpu"));
  std::vector<int> nodes = parseCpuList(firstLine(all / "has_memory"));
  std::erase_if(nodes, [&](int node) { return std::ranges::find(withCpu, node) == withCpu.end(); });
  return nodes;
}

std::optional<FarNode> farthestFrom(int own, const fs::path& root) {
  const fs::path all = root / "sys/devices/system/node";
  const std::vector<int> nodes = hostNodes(root);
  std::istringstream distances(firstLine(all / ("node" + std::to_string(own)) / "distance"));
  std::optional<FarNode> farthest;
  // One for each node that is online, in their order.
  for (const int node : parseCpuList(firstLine(all / "online"))) {
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
