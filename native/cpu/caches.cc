#include "cpu/caches.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <string>

#include "cpu/sysfs.h"

namespace nameplate::cpu {
namespace {

// "32K" or "32M" in bytes, or 0.
double sizeBytes(const std::string& text) {
  char* unit = nullptr;
  const double size = std::strtod(text.c_str(), &unit);
  return size * (*unit == 'K' ? 1024 : *unit == 'M' ? 1024 * 1024 : 1);
}

// Of the threads that run on `cpus`, those that share a cache with `sharers`, rounded up: a pool that is
// wider than its cores is spread evenly.
std::size_t sharing(std::size_t threads, const std::vector<int>& cpus, const std::vector<int>& sharers) {
  const auto among = static_cast<std::size_t>(
      std::ranges::count_if(cpus, [&](int cpu) { return std::ranges::find(sharers, cpu) != sharers.end(); }));
  if (cpus.empty()) return 1;
  return std::max<std::size_t>(1, (threads * among + cpus.size() - 1) / cpus.size());
}

}  // namespace

std::vector<Cache> caches(const Placement& at, const std::filesystem::path& root) {
  if (at.cpus.empty()) return {};
  const auto folder = cpuFolder(root, at.cpus.front()) / "cache";
  std::vector<Cache> found;
  for (int index = 0;; ++index) {
    const auto cache = folder / ("index" + std::to_string(index));
    const int level = std::atoi(firstLine(cache / "level").c_str());
    if (level <= 0) break;
    const double bytes = sizeBytes(firstLine(cache / "size"));
    if (firstLine(cache / "type") == "Instruction" || !(bytes > 0)) continue;
    found.push_back({static_cast<std::size_t>(level), bytes,
                     sharing(at.threads, at.cpus, parseCpuList(firstLine(cache / "shared_cpu_list")))});
  }
  std::ranges::sort(found, {}, &Cache::level);
  return found;
}

double lastLevelBytes(const Placement& at, const std::filesystem::path& root) {
  std::map<std::string, double> caches;  // by the CPUs that share it
  for (const int cpu : at.cpus) {
    const auto folder = cpuFolder(root, cpu) / "cache";
    int top = 0;
    std::string sharers;
    double bytes = 0;
    for (int index = 0;; ++index) {
      const auto cache = folder / ("index" + std::to_string(index));
      const int level = std::atoi(firstLine(cache / "level").c_str());
      if (level <= 0) break;
      if (level <= top || firstLine(cache / "type") == "Instruction") continue;
      top = level;
      sharers = firstLine(cache / "shared_cpu_list");
      bytes = sizeBytes(firstLine(cache / "size"));
    }
    if (top > 0) caches[sharers] = bytes;
  }
  double total = 0;
  for (const auto& [sharers, bytes] : caches) total += bytes;
  return total;
}

std::size_t cacheLineBytes() {
  const long said = sysconf(_SC_LEVEL1_DCACHE_LINESIZE);
  return said > 0 ? static_cast<std::size_t>(said) : 64;
}

}  // namespace nameplate::cpu
