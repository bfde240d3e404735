// Which nodes of the host's memory are far from a device, and memory on a node of one's choice.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

namespace nameplate::cuda {

// The nodes that have processors and memory, in order, as the system below `root`, the driver's, tells them.
// A GPU's own memory may be a node too (GH200), and so may a memory expander.
std::vector<int> hostNodes(const std::filesystem::path& root);

// Of those, the farthest from `own`: the nearest others may be parts of the same socket. The distances are
// the firmware's, and a node's to itself is 10. None where there is no other.
struct FarNode {
  int node, distance;
};
std::optional<FarNode> farthestFrom(int own, const std::filesystem::path& root);

// While it lives, this thread's allocations are of `node` alone. Throws Unsupported where the system refuses.
class OnNode {
 public:
  explicit OnNode(int node);
  ~OnNode();
  OnNode(const OnNode&) = delete;
  OnNode& operator=(const OnNode&) = delete;

 private:
  int mode_ = 0;
  std::vector<unsigned long> nodes_;
};

}  // namespace nameplate::cuda
