#include "cpu/clock.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>

namespace nameplate::cpu {
namespace {

constexpr std::size_t chained = 100;  // additions in a turn of the loop
constexpr std::size_t turns = 1500;
constexpr int attempts = 5;  // the quickest counts: a thread that was interrupted in between looks slow

// Adds a register and not a constant: recent Intel cores execute an addition of a small constant in no time.
#if defined(__x86_64__)
#define NAMEPLATE_ADD "add %[step], %[sum]\n"
#elif defined(__aarch64__)
#define NAMEPLATE_ADD "add %[sum], %[sum], %[step]\n"
#endif

#ifdef NAMEPLATE_ADD
double hertz() {
  double best = std::numeric_limits<double>::infinity();
  std::uint64_t sum = 0;
  const std::uint64_t step = 1;
  for (int attempt = 0; attempt < attempts; ++attempt) {
    const auto begin = std::chrono::steady_clock::now();
    for (std::size_t turn = 0; turn < turns; ++turn)
      asm volatile(".rept 100\n" NAMEPLATE_ADD ".endr" : [sum] "+r"(sum) : [step] "r"(step) : "cc");
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
    best = std::min(best, seconds.count());
  }
  return static_cast<double>(chained * turns) / best;
}
#endif

}  // namespace

std::vector<double> coreClocks(Threads& threads) {
#ifdef NAMEPLATE_ADD
  std::vector<double> clocks(threads.count());
  threads.parallel(clocks.size(), [&](std::size_t thread) { clocks[thread] = hertz(); });
  return clocks;
#else
  (void)threads;
  return {};
#endif
}

}  // namespace nameplate::cpu
