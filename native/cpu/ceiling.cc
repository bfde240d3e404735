#include "cpu/ceiling.h"

#include <time.h>

#include <algorithm>
#include <array>
#include <barrier>
#include <chrono>
#include <map>
#include <mutex>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

namespace nameplate::cpu {
namespace {

using Clock = std::chrono::steady_clock;
// Short, because what a hypervisor takes of a core comes in pieces of milliseconds and is not seen from
// within.
constexpr int windows = 10;
constexpr double windowSeconds = 1e-3;
// Times as quick as a wider loop; less is chance.
constexpr double clearly = 1.03;
// Until a thread that slept at the start line runs again.
constexpr std::chrono::microseconds wakingTime{100};
// Some 50 us, in which reading the processor's time, a call of the system, is nothing.
constexpr std::size_t stepsPerReading = 16384;

// Of this thread alone. While others have its core the loop does nothing, and the core is no slower for it.
double processorSeconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

// Found once: what a ceiling is asked for between leaves time for one loop.
const CeilingLoop* chosenLoop(std::string_view resource, Threads& threads) {
  static std::mutex mutex;
  static std::map<std::pair<std::string, std::size_t>, const CeilingLoop*> chosen;
  const std::pair key{std::string(resource), threads.count()};
  {
    const std::lock_guard lock(mutex);
    if (const auto found = chosen.find(key); found != chosen.end()) return found->second;
  }
  const CeilingLoop* const loop = quickestLoop(ceilingLoops(), resource, threads);
  const std::lock_guard lock(mutex);
  return chosen.try_emplace(key, loop).first->second;
}

}  // namespace

double timeLoop(const CeilingLoop& loop, Threads& threads) {
  // All begin together: a thread that ran while another still slept would have the clock, or the core that
  // two hyperthreads share, to itself.
  Clock::time_point begin;
  std::barrier line(static_cast<std::ptrdiff_t>(threads.count()),
                    [&]() noexcept { begin = Clock::now() + wakingTime; });
  // Of all threads in each window: they are not held on their cores, and each may be on a quick one once.
  std::array<std::vector<double>, windows> rates;
  rates.fill(std::vector<double>(threads.count()));
  threads.parallel(threads.count(), [&](std::size_t thread) {
    for (std::vector<double>& window : rates) {
      line.arrive_and_wait();
      for (const auto start = begin; Clock::now() < start;) {
      }
      double steps = 0, seconds = 0;
      for (const double before = processorSeconds(); seconds < windowSeconds;
           seconds = processorSeconds() - before) {
        loop.run(stepsPerReading);
        steps += stepsPerReading;
      }
      window[thread] = loop.flopPerStep * steps / seconds;
    }
  });
  // Whatever comes between makes a window slower, and nothing makes it quicker than the cores are.
  double best = 0;
  for (const std::vector<double>& window : rates)
    best = std::max(best, std::accumulate(window.begin(), window.end(), 0.0));
  return best;
}

const CeilingLoop* quickestLoop(std::span<const CeilingLoop> loops, std::string_view resource,
                                Threads& threads) {
  const CeilingLoop* quickest = nullptr;
  double most = 0;
  for (const CeilingLoop& loop : loops) {
    if (loop.resource != resource || !loop.here()) continue;
    const double rate = timeLoop(loop, threads);
    if (quickest != nullptr && rate <= clearly * most) continue;
    quickest = &loop;
    most = rate;
  }
  return quickest;
}

std::optional<Ceiling> measureCeiling(std::string_view resource, Threads& threads) {
  const CeilingLoop* const loop = chosenLoop(resource, threads);
  if (loop == nullptr) return std::nullopt;
  const std::string count = std::to_string(threads.count());
  return Ceiling{timeLoop(*loop, threads), std::string(loop->arithmetic) + " on registers, " +
                                               std::string(loop->path) + ", " + count +
                                               (threads.count() == 1 ? " thread" : " threads")};
}

}  // namespace nameplate::cpu
