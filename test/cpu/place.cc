// Prints where native/cpu/placement.cc puts threads on a made-up machine, and what the parts that need a real
// one do here.
//   place ROOT ALLOWED THREADS    one fact a line
//   place here CPU                threads held on one CPU, and every ceiling loop
//   place apart CPUS              one thread for each of some CPUs
//   place loops                   what is made of ceiling loops that are made up as well
#include <sched.h>
#include <time.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <set>
#include <span>
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
            << at.words << "\npool " << (Threads(at).alike() ? "alike" : "unlike") << "\n";
  for (const CoreGroup& group : at.groups)
    std::cout << "group " << group.count << " of " << group.vendor << " " << group.family << "/"
              << group.model << " " << (group.kind.empty() ? "alike" : group.kind) << " at "
              << group.maxClockHz.value_or(0) / 1e9 << " GHz\n";
}

// The CPUs that this thread may run on.
std::vector<int> bound() {
  cpu_set_t set;
  sched_getaffinity(0, sizeof set, &set);
  std::vector<int> cpus;
  for (int at = 0; at < CPU_SETSIZE; ++at)
    if (CPU_ISSET(at, &set)) cpus.push_back(at);
  return cpus;
}

// After pauses, for there a scheduler may put a thread on the CPU of the one that wakes it.
void apart(const std::vector<int>& cpus) {
  Threads threads(cpus.size(), cpus);
  int kept = 0;
  for (int launch = 0; launch < 20; ++launch) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    std::vector<int> on(cpus.size());
    threads.parallel(cpus.size(), [&](std::size_t thread) { on[thread] = sched_getcpu(); });
    if (on == cpus) ++kept;
  }
  std::cout << "apart in " << kept << " of 20 launches\n";
  std::cout << "others may run on " << cpuList(bound()) << "\n";
}

void here(int cpu) {
  Threads threads(3, {cpu});
  std::mutex mutex;
  std::set<std::string> seen;
  threads.parallel(3, [&](std::size_t) {
    const std::lock_guard lock(mutex);
    seen.insert(cpuList(bound()));
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

// Time of this thread's processor, whoever else wants it: each call of such a loop is a whole window.
void work(double milliseconds) {
  const auto spent = [] {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return 1e3 * static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_nsec);
  };
  for (const double begin = spent(); spent() - begin < milliseconds;) {
  }
}

// Of three cores one is twice as quick, and in each window has another thread.
void inTurns(std::size_t) {
  static std::atomic<int> threads = 0;
  thread_local int turn = threads++;
  work(turn++ % 3 == 0 ? 1.5 : 3);
}

bool always() {
  return true;
}
bool never() {
  return false;
}

void madeUpLoops() {
  Threads three(3, {});
  const CeilingLoop slow{"", "", "", 1, [](std::size_t) { work(3); }, always};
  const CeilingLoop quickOnce{"", "", "", 1, inTurns, always};
  const double cores = 3 * timeLoop(quickOnce, three) / timeLoop(slow, three);
  std::cout << "as fast as " << std::lround(cores) << " slow cores\n";

  Threads one(1, {});
  const auto loop = [](const char* resource, const char* path, double flopPerStep, bool (*here)()) {
    return CeilingLoop{resource, "", path, flopPerStep, [](std::size_t) { work(1.5); }, here};
  };
  const CeilingLoop loops[] = {
      loop("other", "other", 9, always),   loop("this", "wide", 2, always),
      loop("this", "as quick", 2, always), loop("this", "quicker", 3, always),
      loop("this", "slow", 1, always),     loop("this", "not here", 9, never),
  };
  const auto path = [&](std::size_t count, const char* resource) {
    const CeilingLoop* const quickest = quickestLoop(std::span(loops, count), resource, one);
    return quickest == nullptr ? "none" : quickest->path;
  };
  std::cout << path(3, "this") << ", " << path(6, "this") << ", " << path(6, "no such") << "\n";
}

}  // namespace

int main(int count, char** arguments) {
  if (count == 4) onMadeUp(arguments[1], arguments[2], arguments[3]);
  if (count == 3 && std::strcmp(arguments[1], "apart") == 0) apart(parseCpuList(arguments[2]));
  if (count == 3 && std::strcmp(arguments[1], "here") == 0) here(std::atoi(arguments[2]));
  if (count == 2) madeUpLoops();
}
