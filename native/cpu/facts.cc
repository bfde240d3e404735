// Read from /proc and /sys, because the kernel lists an instruction set only where it also saves its
// registers: CPUID alone would name AVX-512 on a system that does not switch it.
#include "cpu/facts.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <iterator>
#include <set>
#include <sstream>
#include <string>
#include <string_view>

#include "cpu/caches.h"
#include "cpu/memory.h"
#include "cpu/processor.h"
#include "cpu/sysfs.h"

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
  found.l2Bytes = lastLevelBytes(at);
  found.caches = caches(at);
  for (const int cpu : cpus) {
    const double kilohertz = std::atof(firstLine(cpuFolder("/", cpu) / "cpufreq/cpuinfo_max_freq").c_str());
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
