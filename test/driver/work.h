// One launch: what it reads and writes, how to compute it here, and how long the card would have taken.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "device.h"
#include "memory.h"

namespace nameplate::simulated {

struct Work {
  std::string what;    // equal for equal launches: a name and the bytes of the arguments
  double seconds = 0;  // of the card's time
  std::vector<Span> reads, writes;
  // Given the host's addresses of `reads` and `writes`, in their order.
  std::function<void(const std::vector<std::byte*>& reads, const std::vector<std::byte*>& writes)> compute;
  bool copies = false;       // by a copy engine: from and to pageable memory too
  bool holdsThread = false;  // the thread that asks for it goes on when it is done
};

// Computes it, unless its result still stands: the same launch over unchanged inputs, whose output nobody has
// touched, is not computed again. Timing replays a launch thousands of times, and a processor is thousands of
// times slower. Returns whether it was computed.
bool perform(const Work& work, bool replayed);

// Seconds that the card takes to move `bytes` through its memory, and to do `multiplyAdds` on a unit of it.
double movingSeconds(const Card& card, double bytes);
double computingSeconds(const Card& card, Unit unit, double multiplyAdds);
// The same of any operations, of which each multiprocessor takes `perClock`.
double operatingSeconds(const Card& card, double perClock, double operations);
// Over the link; the driver stages pageable memory, which costs.
double linkSeconds(const Card& card, double bytes, bool pageable);

// The bytes of a value, for `what`.
template <typename Value>
std::string bytesOf(const Value& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

}  // namespace nameplate::simulated
