// Where in the host a device is attached, and memory on a node of one's choice.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backend.h"

namespace nameplate::cuda {

// What the system knows of the PCI device with the bus id "00000000:1B:00.0"; all of it may be absent, as in
// a virtual machine. `root` is a stand-in for "/" in tests.
struct PciPlace {
  std::optional<int> node;
  std::optional<LinkEnd> card;  // the most that the device's end of the link can do
  std::optional<LinkEnd> slot;  // and the port that it is plugged into
};
PciPlace pciPlace(const std::string& busId, const std::filesystem::path& root = "/");

// The nodes that have processors and memory, in order. A GPU's own memory may be a node too (GH200), and so
// may a memory expander.
std::vector<int> hostNodes(const std::filesystem::path& root = "/");

// Of those, the farthest from `own`: the nearest others may be parts of the same socket. The distances are
// the firmware's, and a node's to itself is 10. None where there is no other.
struct FarNode {
  int node, distance;
};
std::optional<FarNode> farthestFrom(int own, const std::filesystem::path& root = "/");

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
