// Read from /proc and /sys, because the kernel lists an instruction set only where it also saves its
// registers: CPUID alone would name AVX-512 on a system that does not switch it.
#include "cpu/facts.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>

#include "cpu/caches.h"
#include "cpu/memory.h"
#include "cpu/processor.h"

namespace nameplate::cpu {
namespace {

struct Feature {
  std::string_view name, flag;  // ours, and the kernel's
};

constexpr std::array features{
    Feature{"avx2", "avx2"},
    Feature{"fma", "fma"},
    Feature{"f16c", "f16c"},
    Feature{"avx512f", "avx512f"},
    Feature{"avx512_bf16", "avx512_bf16"},
    Feature{"avx512_vnni", "avx512_vnni"},
    Feature{"avx512_fp16", "avx512_fp16"},
    Feature{"avx_vnni", "avx_vnni"},
    Feature{"amx_tile", "amx_tile"},
    Feature{"amx_bf16", "amx_bf16"},
    Feature{"amx_fp16", "amx_fp16"},
    Feature{"amx_int8", "amx_int8"},
    Feature{"neon", "asimd"},
    Feature{"neon_fp16", "asimdhp"},
    Feature{"neon_dotprod", "asimddp"},
    Feature{"neon_bf16", "bf16"},
    Feature{"neon_i8mm", "i8mm"},
    Feature{"sve", "sve"},
    Feature{"sve2", "sve2"},
};

std::string line(const std::string& file) {
  std::ifstream in(file);
  std::string text;
  std::getline(in, text);
  return text;
}

// "32768K" or "32M" in bytes, or 0.
double sizeBytes(const std::string& text) {
  std::istringstream in(text);
  double size = 0;
  char unit = ' ';
  in >> size >> unit;
  return unit == 'K' ? size * 1024 : unit == 'M' ? size * 1024 * 1024 : size;
}

std::string sysfs(int cpu) {
  return "/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/";
}

// All last-level caches that these CPUs reach, each counted once. One alone would be the wrong bound for
// "does not fit in cache": threads on eight chiplets stream through eight of them.
double lastLevelBytes(const std::vector<int>& cpus) {
  std::map<std::string, double> caches;  // by the CPUs that share it
  for (const int cpu : cpus) {
    int top = 0;
    std::string sharers;
    double bytes = 0;
    for (int index = 0;; ++index) {
      const std::string cache = sysfs(cpu) + "cache/index" + std::to_string(index) + "/";
      const int level = std::atoi(line(cache + "level").c_str());
      if (level == 0) break;
      if (level <= top || line(cache + "type") == "Instruction") continue;
      top = level;
      sharers = line(cache + "shared_cpu_list");
      bytes = sizeBytes(line(cache + "size"));
    }
    if (top > 0) caches[sharers] = bytes;
  }
  double total = 0;
  for (const auto& [sharers, bytes] : caches) total += bytes;
  return total;
}

}  // namespace

Facts facts(const Placement& at) {
  const std::vector<int> cpus = allowedCpus();
  const auto processors = readProcessors();
  const ProcessorFields fields = processors.empty() ? ProcessorFields() : processors.begin()->second;
  Facts found;
  found.id = found.backend = "cpu";
  found.name = processorName(fields);
  found.multiprocessors = at.cores;
  found.threads = at.threads;
  found.mostThreads = at.most;
  found.placement = at.words;
  found.cores = at.groups;
  found.memoryBytes = static_cast<double>(memoryBytes());
  found.l2Bytes = lastLevelBytes(cpus);
  found.caches = caches(at);
  for (const int cpu : cpus) {
    const double kilohertz = std::atof(line(sysfs(cpu) + "cpufreq/cpuinfo_max_freq").c_str());
    if (kilohertz > 0) found.maxClockHz = std::max(found.maxClockHz.value_or(0), kilohertz * 1e3);
  }
  std::set<std::string, std::less<>> flags;
  for (const char* key : {"flags", "Features"})  // x86 and Arm
    if (const auto list = fields.find(key); list != fields.end()) {
      std::istringstream in(list->second);
      flags.insert(std::istream_iterator<std::string>(in), {});
    }
  for (const Feature& feature : features)
    if (flags.contains(feature.flag)) found.features.emplace_back(feature.name);
  return found;
}

}  // namespace nameplate::cpu
