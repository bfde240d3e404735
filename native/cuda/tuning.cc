#include "cuda/tuning.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <limits>
#include <memory>
#include <numeric>

#include "cuda/batch.h"

namespace nameplate::cuda {
namespace {

// A card that was idle takes tens of milliseconds to raise its clock.
constexpr double warmSeconds = 50e-3;
constexpr int mostWarmTurns = 50;
// Long enough that an event's half microsecond of resolution is nothing in it.
constexpr double sampleSeconds = 1e-3;
constexpr std::size_t mostLaunches = 256;
constexpr std::size_t samples = 5, finalists = 3;
// A launch that takes so long is its own average.
constexpr double enoughSeconds = 0.2;

struct Candidate {
  std::unique_ptr<Batch> batch;  // null where it refuses to run
  double launches = 1, once = 0;
  std::vector<double> seconds;  // of one launch

  void sample() { seconds.push_back(batch->seconds() / launches); }
  double median() const {
    std::vector<double> sorted = seconds;
    std::ranges::sort(sorted);
    return sorted[sorted.size() / 2];
  }
};

// Recorded as the rows are, so that the time to submit a short launch is not taken for its own.
Candidate record(const SharedContext& context, std::size_t index, const CandidateLaunch& launch,
                 bool capturable) {
  // Directly first: the driver may load a kernel on its first launch, and cannot while it records.
  if (!launch(index)) return {};
  const auto refused = std::make_shared<bool>(false);  // outlives this where launches are not recorded
  const auto recorded = [&](std::size_t launches) {
    const auto one = [&launch, index, refused](std::size_t) { *refused = !launch(index) || *refused; };
    return recordBatch(context, launches, one, capturable);
  };
  Candidate made;
  made.batch = recorded(1);
  made.once = made.batch->seconds();
  made.launches = std::clamp(std::ceil(sampleSeconds / made.once), 1.0, double{mostLaunches});
  if (made.launches > 1)
    made.batch = recorded(static_cast<std::size_t>(made.launches));
  else
    made.seconds.push_back(made.once);
  return *refused ? Candidate{} : std::move(made);
}

void warmUp(Candidate& candidate) {
  double spent = candidate.once;
  for (int turn = 0; turn < mostWarmTurns && spent < warmSeconds; ++turn) spent += candidate.batch->seconds();
}

// One that twice takes half as long again as the best so far is not repeated; once may be chance.
void timeAlone(Candidate& candidate, double best) {
  std::vector<double>& seconds = candidate.seconds;
  const auto spent = [&] { return std::reduce(seconds.begin(), seconds.end()) * candidate.launches; };
  while (seconds.size() < samples && spent() < enoughSeconds) {
    candidate.sample();
    if (seconds.size() == 2 && std::ranges::min(seconds) > 1.5 * best) break;
  }
}

// Anew and in turns, so that all meet the same clock.
template <typename Late>
void timeInTurns(const std::vector<Candidate*>& candidates, Late late) {
  if (candidates.size() < 2 || late()) return;
  for (Candidate* candidate : candidates) candidate->seconds.clear();
  for (std::size_t turn = 0; turn == 0 || (turn < samples && !late()); ++turn)
    for (Candidate* candidate : candidates) candidate->sample();
}

}  // namespace

std::optional<Tuning> tune(const SharedContext& context, std::size_t candidates,
                           const CandidateLaunch& launch, bool capturable) {
  using Clock = std::chrono::steady_clock;
  // Thirty candidates of a slow format can take minutes; a choice is worth a few seconds.
  const auto deadline = Clock::now() + std::chrono::seconds(5);
  const auto late = [deadline] { return Clock::now() > deadline; };
  std::vector<Candidate> all(candidates);
  std::vector<Candidate*> ran;
  double best = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < candidates && (ran.empty() || !late()); ++i) {
    all[i] = record(context, i, launch, capturable);
    if (!all[i].batch) continue;
    if (ran.empty()) warmUp(all[i]);
    timeAlone(all[i], best);
    best = std::min(best, all[i].median());
    ran.push_back(&all[i]);
  }
  if (ran.empty()) return std::nullopt;
  std::ranges::sort(ran, {}, &Candidate::median);
  ran.resize(std::min(ran.size(), finalists));
  // The heuristic's first pick too: the row tells what it would have cost.
  if (all.front().batch && !std::ranges::count(ran, &all.front())) ran.push_back(&all.front());
  timeInTurns(ran, late);
  Tuning tuning;
  for (const Candidate& candidate : all)
    tuning.seconds.push_back(candidate.batch ? std::optional(candidate.median()) : std::nullopt);
  tuning.fastest =
      static_cast<std::size_t>(*std::ranges::min_element(ran, {}, &Candidate::median) - all.data());
  return tuning;
}

std::size_t Tuning::timed() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(seconds, [](const auto& value) { return value.has_value(); }));
}

std::string Tuning::timeOf(std::size_t candidate) const {
  char text[32] = "not timed";
  if (const auto time = seconds[candidate]) std::snprintf(text, sizeof text, "%.4g ms", *time * 1e3);
  return text;
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
