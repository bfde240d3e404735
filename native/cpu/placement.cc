#include "cpu/placement.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <thread>
#include <tuple>

#include "cpu/cgroup.h"
#include "cpu/processor.h"
#include "cpu/sysfs.h"

namespace nameplate::cpu {
namespace {

namespace fs = std::filesystem;

// One physical core, known by the first of its CPUs that the process may use.
struct Core {
  int cpu = 0;
  std::string cache;  // whom it shares its last-level cache with
  double speed = 1;   // of the core's kind, relative
  CoreGroup kind;     // a group of one
};

std::string siblings(const fs::path& root, int cpu) {
  const fs::path topology = cpuFolder(root, cpu) / "topology";
  const std::string list = firstLine(topology / "core_cpus_list");
  if (!list.empty()) return list;
  const std::string old = firstLine(topology / "thread_siblings_list");  // its name before Linux 5.3
  return old.empty() ? std::to_string(cpu) : old;
}

std::size_t coresAmong(const fs::path& root, const std::vector<int>& cpus) {
  std::set<std::string> cores;
  for (const int cpu : cpus) cores.insert(siblings(root, cpu));
  return cores.size();
}

// What the list says of a processor. In a container lxcfs lists the ones that it grants, numbered from 0;
// where all of them are alike, the first answers for one that is not found.
const ProcessorFields* processor(const std::map<int, ProcessorFields>& listed, int cpu) {
  if (const auto found = listed.find(cpu); found != listed.end()) return &found->second;
  const auto kind = [](const ProcessorFields& fields) {
    const CoreGroup group = coreGroup(fields);
    return std::tuple(group.vendor, group.family, group.model);
  };
  for (const auto& [number, fields] : listed)
    if (kind(fields) != kind(listed.begin()->second)) return nullptr;
  return listed.empty() ? nullptr : &listed.begin()->second;
}

// The CPUs that share the last-level cache of this one; empty where the system does not say.
std::string cacheSharers(const fs::path& root, int cpu) {
  const fs::path folder = cpuFolder(root, cpu) / "cache";
  std::string sharers;
  for (int index = 0, last = 0;; ++index) {
    const fs::path cache = folder / ("index" + std::to_string(index));
    const int level = std::atoi(firstLine(cache / "level").c_str());
    if (level <= 0) return sharers;
    if (level <= last) continue;
    last = level;
    sharers = firstLine(cache / "shared_cpu_list");
  }
}

std::vector<Core> coresOf(const std::vector<int>& cpus, const fs::path& root) {
  const auto processors = readProcessors(root);
  const std::vector<int> efficient = parseCpuList(firstLine(root / "sys/devices/cpu_atom/cpus"));
  const std::vector<int> performance = parseCpuList(firstLine(root / "sys/devices/cpu_core/cpus"));
  std::vector<Core> cores;
  std::set<std::string> seen;
  for (const int cpu : cpus) {
    if (!seen.insert(siblings(root, cpu)).second) continue;
    const fs::path own = cpuFolder(root, cpu);
    Core core{cpu, cacheSharers(root, cpu), 1, {}};
    if (const ProcessorFields* const found = processor(processors, cpu)) core.kind = coreGroup(*found);
    core.kind.count = 1;
    const bool slow = std::ranges::binary_search(efficient, cpu);
    if (slow || std::ranges::binary_search(performance, cpu))
      core.kind.kind = slow ? "efficiency" : "performance";
    const double kilohertz = std::atof(firstLine(own / "cpufreq/cpuinfo_max_freq").c_str());
    if (kilohertz > 0) core.kind.maxClockHz = kilohertz * 1e3;
    const double capacity = std::atof(firstLine(own / "cpu_capacity").c_str());  // the fastest core has 1024
    core.speed = capacity > 0 ? capacity / 1024 : slow ? 0.5 : 1;
    cores.push_back(core);
  }
  std::ranges::stable_sort(cores, std::greater{}, &Core::speed);
  return cores;
}

// The CPUs that `threads` threads may use, fewer than there are cores. Every core as fast as the slowest that
// is needed, for the system may choose among equals; but of those only the ones below as few last-level
// caches as hold the threads: arrays must be larger than all caches that are used, and eight take eight times
// as long to fill.
std::vector<int> narrowed(const std::vector<Core>& cores, std::size_t threads) {
  const double speed = cores[threads - 1].speed;
  std::vector<int> cpus;
  std::map<std::string, std::vector<int>> equals;  // by their cache
  for (const Core& core : cores) {
    if (core.speed > speed) cpus.push_back(core.cpu);
    if (core.speed == speed) equals[core.cache].push_back(core.cpu);
  }
  while (cpus.size() < threads) {
    const auto fullest = std::ranges::max_element(
        equals, {}, [](const auto& below) { return std::pair(below.second.size(), -below.second.front()); });
    cpus.insert(cpus.end(), fullest->second.begin(), fullest->second.end());
    equals.erase(fullest);
  }
  std::ranges::sort(cpus);
  return cpus;
}

// Alike cores are one group, whose clock is the mean of their highest: favoured cores reach a little more.
std::vector<CoreGroup> grouped(const std::vector<Core>& cores) {
  std::vector<CoreGroup> groups;
  for (const Core& core : cores) {
    const auto same = std::ranges::find_if(groups, [&](const CoreGroup& group) {
      return std::tie(group.vendor, group.family, group.model, group.kind) ==
             std::tie(core.kind.vendor, core.kind.family, core.kind.model, core.kind.kind);
    });
    if (same == groups.end()) {
      groups.push_back(core.kind);
      continue;
    }
    const double before = static_cast<double>(same->count++);
    if (same->maxClockHz && core.kind.maxClockHz)
      same->maxClockHz = *same->maxClockHz + (*core.kind.maxClockHz - *same->maxClockHz) / (before + 1);
    else
      same->maxClockHz.reset();
  }
  return groups;
}

std::string counted(std::size_t count, const char* noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

std::string describe(const Placement& at, std::size_t present, std::optional<double> quota,
                     const std::vector<int>& allowed) {
  std::size_t used = 0;
  std::string kinds;
  for (const CoreGroup& group : at.groups) {
    used += group.count;
    if (!group.kind.empty())
      kinds += (kinds.empty() ? "" : " + ") + std::to_string(group.count) + " " + group.kind;
  }
  std::ostringstream text;
  text << counted(at.threads, "thread") << " on " << used << " of " << counted(present, "core");
  if (at.groups.size() > 1 && !kinds.empty()) text << " (" << kinds << ")";
  if (at.most > at.cores) text << (at.threads > used ? ", hyperthreads used" : ", hyperthreads idle");
  text << "; affinity " << cpuList(allowed) << "; ";
  if (quota)
    text << "cgroup limit " << *quota << (*quota == 1 ? " CPU" : " CPUs");
  else
    text << "no cgroup limit";
  return text.str();
}

}  // namespace

std::vector<int> allowedCpus() {
  // The fixed cpu_set_t ends at 1024 CPUs, and the call fails with EINVAL on a machine with more. Asked of
  // the process's first thread: that of a Device narrows its own affinity.
  for (int capacity = CPU_SETSIZE; capacity <= 1 << 20; capacity *= 2) {
    const std::size_t bytes = CPU_ALLOC_SIZE(capacity);
    const auto free = [](cpu_set_t* set) { CPU_FREE(set); };
    const std::unique_ptr<cpu_set_t, decltype(free)> set(CPU_ALLOC(capacity), free);
    if (!set) break;
    CPU_ZERO_S(bytes, set.get());
    if (sched_getaffinity(getpid(), bytes, set.get()) != 0) {
      if (errno == EINVAL) continue;
      break;
    }
    std::vector<int> cpus;
    for (int cpu = 0; cpu < capacity; ++cpu)
      if (CPU_ISSET_S(static_cast<std::size_t>(cpu), bytes, set.get())) cpus.push_back(cpu);
    if (!cpus.empty()) return cpus;
    break;
  }
  std::vector<int> all(std::max(1u, std::thread::hardware_concurrency()));
  for (std::size_t cpu = 0; cpu < all.size(); ++cpu) all[cpu] = static_cast<int>(cpu);
  return all;
}

Placement place(std::size_t threads, const std::vector<int>& allowed, const fs::path& root) {
  std::vector<Core> cores = coresOf(allowed, root);
  const auto quota = cpuQuota(root);
  Placement at;
  at.most = allowed.size();
  at.cores = cores.size();
  at.threads = cores.size();
  // Rounded down: one thread more than the quota would be stopped in the middle of a measurement.
  if (quota) at.threads = std::min(at.threads, std::max<std::size_t>(1, static_cast<std::size_t>(*quota)));
  if (threads > 0) at.threads = std::min(threads, at.most);

  if (at.threads > cores.size()) {
    at.cpus = allowed;
  } else {
    at.cpus = narrowed(cores, at.threads);
    std::erase_if(cores, [&](const Core& core) { return !std::ranges::binary_search(at.cpus, core.cpu); });
    cores.resize(at.threads);
  }
  at.groups = grouped(cores);
  const std::vector<int> online = parseCpuList(firstLine(root / "sys/devices/system/cpu/online"));
  const std::size_t present = std::max(at.cores, coresAmong(root, online));
  at.words = describe(at, present, quota, allowed);
  return at;
}

Placement place(std::size_t threads) {
  return place(threads, allowedCpus());
}

std::vector<int> parseCpuList(const std::string& text) {
  constexpr int most = 1 << 20;
  std::vector<int> cpus;
  std::istringstream in(text);
  for (std::string range; std::getline(in, range, ',');) {
    std::istringstream ends(range);
    int first = -1, last = -1;
    char dash = 0;
    if (!(ends >> first)) return {};
    if (!(ends >> dash >> last)) last = first;
    if (first < 0 || last < first || last > most) return {};
    for (int cpu = first; cpu <= last; ++cpu) cpus.push_back(cpu);
  }
  return cpus;
}

std::string cpuList(const std::vector<int>& cpus) {
  std::string text;
  for (std::size_t first = 0; first < cpus.size();) {
    std::size_t last = first;
    while (last + 1 < cpus.size() && cpus[last + 1] == cpus[last] + 1) ++last;
    text += (text.empty() ? "" : ",") + std::to_string(cpus[first]);
    if (last > first) text += "-" + std::to_string(cpus[last]);
    first = last + 1;
  }
  return text;
}

}  // namespace nameplate::cpu
