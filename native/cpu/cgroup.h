// What the container allows: CPUs and memory that a control group grants to this process.
//
// The machine's own figures are the wrong answer in a container: they promise cores that would be throttled
// and memory whose first touch kills the process. Both versions of control groups are read, and every group
// from the process's own up to the root, because the tightest one decides.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>

namespace nameplate::cpu {

// CPUs' worth of time per second, 1.5 for example; absent where no group sets a quota. `root` is a stand-in
// for "/" in tests.
std::optional<double> cpuQuota(const std::filesystem::path& root = "/");

struct MemoryGrant {
  std::size_t limitBytes;  // of the tightest group
  std::size_t
      availableBytes;  // before the first group is full; file pages that it can drop count as available
};

// Absent where no group limits memory.
std::optional<MemoryGrant> memoryGrant(const std::filesystem::path& root = "/");

}  // namespace nameplate::cpu
