#include "cpu/quiet.h"

#include <chrono>
#include <ctime>
#include <thread>

namespace nameplate::cpu {

void awaitQuiet() {
  using std::chrono::milliseconds;
  constexpr milliseconds pause{2}, longest{100};
  const auto end = std::chrono::steady_clock::now() + longest;
  for (std::clock_t before = std::clock(); std::chrono::steady_clock::now() < end;) {
    std::this_thread::sleep_for(pause);
    const std::clock_t now = std::clock();  // processor time of all threads
    if (now - before < CLOCKS_PER_SEC / 4 * pause / std::chrono::seconds{1}) return;
    before = now;
  }
}

}  // namespace nameplate::cpu
