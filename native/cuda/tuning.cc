#include "cuda/tuning.h"

#include <algorithm>
#include <chrono>
#include <cstdio>

namespace nameplate::cuda {
namespace {

// Seconds of one launch: the median of five after one that is not counted, or nothing where it is refused.
// One that starts half as slow again as the best so far is not repeated.
std::optional<double> timeOf(const Context& context, std::size_t candidate, const CandidateLaunch& launch,
                             std::optional<double> best) {
  const Event from = context.event(), to = context.event();
  if (!launch(candidate)) return std::nullopt;
  std::vector<double> seconds;
  while (seconds.size() < 5) {
    check(driver().cuEventRecord(from.get(), context.stream()), "cuEventRecord");
    if (!launch(candidate)) return std::nullopt;
    check(driver().cuEventRecord(to.get(), context.stream()), "cuEventRecord");
    seconds.push_back(context.seconds(from, to));
    if (best && seconds.front() > 1.5 * *best) break;
  }
  std::ranges::sort(seconds);
  return seconds[seconds.size() / 2];
}

}  // namespace

std::optional<Tuning> tune(const Context& context, std::size_t candidates, const CandidateLaunch& launch) {
  // Thirty candidates of a slow format can take minutes; a choice is worth a few seconds.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  Tuning tuning;
  tuning.seconds.resize(candidates);
  std::optional<double> best;
  for (std::size_t i = 0; i < candidates; ++i) {
    if (best && std::chrono::steady_clock::now() > deadline) break;
    const auto seconds = timeOf(context, i, launch, best);
    tuning.seconds[i] = seconds;
    if (!seconds || (best && *seconds >= *best)) continue;
    best = seconds;
    tuning.fastest = i;
  }
  if (!best) return std::nullopt;
  return tuning;
}

std::size_t Tuning::timed() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(seconds, [](const auto& value) { return value.has_value(); }));
}

std::string Tuning::text() const {
  const std::string text = "best of " + std::to_string(timed()) + " timed";
  const std::optional<double> first = seconds.front();
  if (!first) return text + "; the heuristic's first pick did not run";
  char ratio[32];
  std::snprintf(ratio, sizeof ratio, "%.2f", *first / *seconds[fastest]);
  return text + "; the heuristic's first pick took " + ratio + "x its time";
}

}  // namespace nameplate::cuda
