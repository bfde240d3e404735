// The conditions of a CPU: the clock of its cores.
#pragma once

#include <chrono>

#include "backend.h"
#include "cpu/clock.h"
#include "cpu/threads.h"

namespace nameplate::cpu {

// The clock is timed when the window has ended, while it is still that of the load: a reading takes a
// fraction of a millisecond and would otherwise be in the figure.
class TimedClock : public Watch {
 public:
  explicit TimedClock(Threads& threads) : threads_(threads) {}

  Conditions stop() override {
    Conditions conditions;
    conditions.seconds = now() - start_;
    for (const double clock : coreClocks(threads_))
      conditions.readings.push_back({.at = start_ + conditions.seconds, .clockHz = clock});
    const bool timed = !conditions.readings.empty();
    conditions.source = timed ? "timed loop" : "none";
    conditions.missing = timed ? "power and temperature of a CPU are not read"
                               : "no loop of known clocks for this instruction set";
    return conditions;
  }

 private:
  static double now() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
  }
  Threads& threads_;
  double start_ = now();
};

}  // namespace nameplate::cpu
