#include "cpu/cgroup.h"

#include <algorithm>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

namespace nameplate::cpu {
namespace {

namespace fs = std::filesystem;

// The first number of a file; "max" and an unreadable file give none.
std::optional<double> number(const fs::path& file) {
  std::ifstream in(file);
  double value;
  return in >> value ? std::optional(value) : std::nullopt;
}

// The number beside `key` in a file of "key number" lines, or 0.
double entry(const fs::path& file, const std::string& key) {
  std::ifstream in(file);
  std::string name;
  for (double value; in >> name >> value;)
    if (name == key) return value;
  return 0;
}

bool contains(const std::string& list, const std::string& word) {
  std::istringstream in(list);
  for (std::string each; std::getline(in, each, ',');)
    if (each == word) return true;
  return false;
}

// The directories of this process's groups for `controller`. In a container the path that the kernel prints
// is often the host's and does not exist below the mount; the mount itself is then the container's group, and
// the climb ends there.
std::vector<fs::path> groups(const fs::path& root, const std::string& controller) {
  std::vector<fs::path> found;
  const fs::path mount = root / "sys/fs/cgroup";
  const auto climb = [&](const fs::path& top, const fs::path& group) {
    for (fs::path at = group.relative_path();; at = at.parent_path()) {
      std::error_code ignored;
      if (fs::is_directory(top / at, ignored)) found.push_back(top / at);
      if (at.empty()) return;
    }
  };
  std::ifstream in(root / "proc/self/cgroup");
  for (std::string line; std::getline(in, line);) {  // hierarchy:controllers:path
    const auto first = line.find(':');
    const auto second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const fs::path group = line.substr(second + 1);
    if (controllers.empty()) {
      climb(mount, group);
      climb(mount / "unified", group);
    } else if (contains(controllers, controller)) {
      // The folder has the joined name of its controllers, not always in the order printed here (CentOS 7
      // prints "cpuacct,cpu" for "cpu,cpuacct"), or a link to it for each.
      climb(mount / controllers, group);
      if (controllers != controller) climb(mount / controller, group);
    }
  }
  return found;
}

}  // namespace

std::optional<double> cpuQuota(const fs::path& root) {
  std::optional<double> tightest;
  for (const fs::path& group : groups(root, "cpu")) {
    double quota = 0, period = 0;
    if (std::ifstream in(group / "cpu.max"); !(in >> quota >> period)) {
      quota = number(group / "cpu.cfs_quota_us").value_or(-1);  // -1 is no quota
      period = number(group / "cpu.cfs_period_us").value_or(0);
    }
    if (quota > 0 && period > 0)
      tightest = std::min(tightest.value_or(std::numeric_limits<double>::infinity()), quota / period);
  }
  return tightest;
}

std::optional<MemoryGrant> memoryGrant(const fs::path& root) {
  std::optional<MemoryGrant> tightest;
  const auto consider = [&](const fs::path& group, const char* limitFile, const char* usageFile,
                            const char* droppable) {
    const auto limit = number(group / limitFile), usage = number(group / usageFile);
    if (!limit || *limit > 0x1p60) return;  // version 1 prints a number near 2^63 for "no limit"
    const double used = std::max(0.0, usage.value_or(0) - entry(group / "memory.stat", droppable));
    const MemoryGrant grant{static_cast<std::size_t>(*limit),
                            static_cast<std::size_t>(std::max(0.0, *limit - used))};
    if (!tightest) tightest = grant;
    tightest->limitBytes = std::min(tightest->limitBytes, grant.limitBytes);
    tightest->availableBytes = std::min(tightest->availableBytes, grant.availableBytes);
  };
  for (const fs::path& group : groups(root, "memory")) {
    consider(group, "memory.max", "memory.current", "inactive_file");
    // Beyond it nothing is killed, but whoever allocates is stopped until pages are written out.
    consider(group, "memory.high", "memory.current", "inactive_file");
    consider(group, "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file");
  }
  return tightest;
}

}  // namespace nameplate::cpu
