// The fastest of several candidates, found by timing them on the device.
//
// A library's first suggestion, or a rule of our own, is not always the best, and a comparison with it would
// flatter the other side. So the candidates are timed on the operands that will be measured, and the row says
// what the first would have cost. They are recorded as rows are, for about a millisecond a sample, on a
// device that has been warmed; then the best three are timed again in turns.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cuda/context.h"

namespace nameplate::cuda {

struct Tuning {
  // Of one launch of each candidate; absent where it refused to run, or came too late to be tried.
  std::vector<std::optional<double>> seconds;
  std::size_t fastest = 0;

  std::size_t timed() const;
  std::string timeOf(std::size_t candidate) const;  // "0.1234 ms", or "not timed"
  std::string text() const;  // "best of 4 timed; the heuristic's first pick took 1.25x its time"
};

// Enqueues one launch of a candidate; false where it refuses after all.
using CandidateLaunch = std::function<bool(std::size_t candidate)>;

// Times each candidate, the heuristic's first pick first; in graphs, where launches may be recorded. Absent
// where all refused.
std::optional<Tuning> tune(const SharedContext&, std::size_t candidates, const CandidateLaunch&,
                           bool capturable = true);

}  // namespace nameplate::cuda
