// Prints where native/cpu/placement.cc puts threads on a made-up machine, and what the parts that need a real
// one do here.
//   place ROOT ALLOWED THREADS    one fact a line
//   place here CPU                threads held on one CPU, and every ceiling loop
#include <sched.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <set>
#include <thread>

#include "cpu/caches.h"
#include "cpu/ceiling.h"
#include "cpu/clock.h"

using namespace nameplate;
using namespace nameplate::cpu;

namespace {

void onMadeUp(const char* root, const char* allowed, const char* threads) {
  const Placement at = place(std::strtoul(threads, nullptr, 10), parseCpuList(allowed), root);
  std::cout << "threads " << at.threads << "\nmost " << at.most << "\ncores " << at.cores << "\ncpus "
            << cpuList(at.cpus) << "\ncache " << lastLevelBytes(at, root) / (1 << 20) << "\nwords "
            << at.words << "\n";
  for (const CoreGroup& group : at.groups)
    std::cout << "group " << group.count << " of " << group.vendor << " " << group.family << "/"
              << group.model << " " << (group.kind.empty() ? "alike" : group.kind) << " at "
              << group.maxClockHz.value_or(0) / 1e9 << " GHz\n";
}

void here(int cpu) {
  Threads threads(3, {cpu});
  std::mutex mutex;
  std::set<std::string> seen;
  threads.parallel(3, [&](std::size_t) {
    cpu_set_t set;
    sched_getaffinity(0, sizeof set, &set);
    std::vector<int> cpus;
    for (int at = 0; at < CPU_SETSIZE; ++at)
      if (CPU_ISSET(at, &set)) cpus.push_back(at);
    const std::lock_guard lock(mutex);
    seen.insert(cpuList(cpus));
  });
  for (const std::string& cpus : seen) std::cout << "held on " << cpus << "\n";
  Threads one(1, {});
  const std::vector<double> clocks = coreClocks(one);
  const double clock = clocks.empty() ? 3e9 : clocks.front();
  std::set<std::string_view> resources;
  for (const CeilingLoop& loop : ceilingLoops()) {
    if (!loop.here()) continue;
    // A step is at least 14 instructions, of which no processor does more than four in a clock: a loop that
    // the compiler has emptied would look far quicker.
    const double stepsPerClock = timeLoop(loop, one) / loop.flopPerStep / clock;
    std::cout << "loop " << loop.resource << " " << loop.path << " "
              << (stepsPerClock > 0 && stepsPerClock < 0.5 ? "counts" : "is empty") << "\n";
    const auto best = measureCeiling(loop.resource, one);
    if (resources.insert(loop.resource).second)
      std::cout << "best " << loop.resource << " " << (best ? best->how : "none") << "\n";
  }
  const CeilingLoop& first =
      *std::ranges::find_if(ceilingLoops(), [](const auto& loop) { return loop.here(); });
  const auto rates = [&] {
    std::vector<double> several(10);
    for (double& rate : several) rate = timeLoop(first, one);
    return several;
  };
  const double alone = std::ranges::max(rates());
  std::jthread other([](const std::stop_token& stop) {  // on the same CPU
    while (!stop.stop_requested()) {
    }
  });
  const double beside = std::ranges::min(rates());
  std::cout << "beside other work the ceiling " << (beside > 0.7 * alone ? "stays" : "sinks") << "\n";
  std::cout << "memory " << (measureCeiling("memory", one) ? "has" : "has no") << " ceiling\n";
}

}  // namespace

int main(int count, char** arguments) {
  if (count == 4) onMadeUp(arguments[1], arguments[2], arguments[3]);
  if (count == 3) here(std::atoi(arguments[2]));
}
