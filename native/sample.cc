#include "sample.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <thread>

#include "convergence.h"
#include "memory_errors.h"
#include "runner.h"

namespace nameplate {
namespace {

using Clock = std::chrono::steady_clock;

double since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Providers take turns of this length, so that all meet the same temperature and clock.
constexpr double sliceSeconds = 0.2;
constexpr double idleSeconds = 0.5;  // before a burst: the chip cools and the clock returns
// Fewer than five samples say nothing of their spread, and no verdict is built on them.
constexpr std::size_t leastSamples = 5;

using Runners = std::vector<std::unique_ptr<Runner>>;

// Unmeasured turns until the rate no longer drifts: caches, clocks and temperature settle.
void warmUp(Runners& runners, double seconds, const std::atomic<bool>& cancelled) {
  if (seconds <= 0) return;
  for (const auto& runner : runners) {
    std::vector<double> times;
    const Clock::time_point start = Clock::now();
    while (runner->timing() && !cancelled) {
      times.push_back(runner->once());
      const double spent = since(start);
      if (spent >= 2 * seconds || (spent >= seconds && settled(times))) break;
    }
  }
}

void burst(Runners& runners, const Budget& budget, const std::atomic<bool>& cancelled) {
  for (const auto& runner : runners) {
    if (!runner->timing() || cancelled) continue;
    std::this_thread::sleep_for(std::chrono::duration<double>(std::min(idleSeconds, budget.burstSeconds)));
    Phase& phase = runner->measured().burst.emplace();
    runner->slice(phase, budget.burstSeconds, cancelled);
    if (cancelled) phase.stopped = Stopped::cancelled;
  }
}

// Clocks drift, so the ceiling is asked for between the slices; kernels of one resource share the answers.
void sampleCeilings(Device& device, Runners& runners) {
  std::map<std::string, std::optional<Ceiling>> now;
  for (const auto& runner : runners) {
    if (!runner->timing()) continue;
    Measured& measured = runner->measured();
    const auto [found, first] = now.try_emplace(measured.kernel.resource);
    if (first) {
      device.settle();
      found->second = device.ceiling(measured.kernel.resource);
    }
    if (!found->second) continue;
    if (!measured.ceiling) measured.ceiling = Ceilings{found->second->how, {}};
    measured.ceiling->rates.push_back(found->second->rate);
  }
}

void sustained(Device& device, Runners& runners, const Budget& budget, const std::atomic<bool>& cancelled) {
  for (const auto& runner : runners) {
    if (!runner->timing()) continue;
    runner->measured().sustained.emplace();
    runner->poison();
  }
  const auto timing = [&] {
    return std::ranges::count_if(runners, [](const auto& runner) { return runner->timing(); });
  };
  const auto all = [&](auto is) {
    return std::ranges::all_of(runners, [&](const auto& runner) {
      return !runner->timing() || is(runner->measured().sustained->secondsPerLaunch);
    });
  };
  const Clock::time_point start = Clock::now();
  const double turn = std::min(sliceSeconds, budget.sustainedSeconds / 5);
  const auto isPrecise = [&](const auto& times) { return precise(times, budget.precision); };
  const auto isEnough = [](const auto& times) { return times.size() >= leastSamples; };
  // Half of the time always; then until every median is known; past it only where samples are too few.
  const auto goesOn = [&] {
    const double spent = since(start), allowed = budget.sustainedSeconds * static_cast<double>(timing());
    if (spent < allowed / 2) return true;
    if (spent < allowed) return !all(isPrecise);
    return spent < 4 * allowed && !all(isEnough);
  };
  for (bool more = timing() > 0; more && !cancelled; more = goesOn()) {
    sampleCeilings(device, runners);
    for (const auto& runner : runners) {
      if (!runner->timing() || cancelled) continue;
      runner->slice(*runner->measured().sustained, turn, cancelled);
    }
  }
  if (!cancelled) sampleCeilings(device, runners);
  for (const auto& runner : runners) {
    if (!runner->timing()) continue;
    Phase& phase = *runner->measured().sustained;
    if (isPrecise(phase.secondsPerLaunch)) phase.stopped = Stopped::precise;
    if (cancelled) phase.stopped = Stopped::cancelled;
  }
}

// What memory lost while no window was open, as during a verification, may have been any row's.
void countUntimed(Runners& runners, std::optional<double> all) {
  if (!all) return;
  double untimed = *all;
  for (const auto& runner : runners)
    for (const auto* phase : {&runner->measured().burst, &runner->measured().sustained})
      if (*phase) untimed -= (*phase)->conditions.uncorrectedErrors.value_or(0);
  for (const auto& runner : runners) runner->measured().untimedErrors = std::max(0.0, untimed);
}

}  // namespace

std::vector<Outcome> sample(Device& real, const Request& request, const std::atomic<bool>& cancelled) {
  FaultyDevice faulty(real, request.fault);
  Device& device = request.fault == Fault::none ? real : faulty;
  std::optional<MemoryErrors> errors;
  if (request.telemetry) errors.emplace(device, request.shape.peer);
  const std::unique_ptr<Xids> xids = request.telemetry ? real.xids() : nullptr;
  std::vector<Outcome> outcomes;
  Runners runners;
  Workload workload;
  try {
    workload = makeWorkload(device, *request.operation, request.shape, request.data, request.seed);
  } catch (const Unsupported& reason) {
    for (const std::string& provider : request.providers) outcomes.push_back({provider, reason});
    return outcomes;
  } catch (const Error& error) {
    for (const std::string& provider : request.providers)
      outcomes.push_back({provider, Failure{error.code, error.what()}});
    return outcomes;
  }
  for (const std::string& provider : request.providers) {
    if (cancelled) break;
    runners.push_back(std::make_unique<Runner>(device, workload, provider, request));
  }
  // A burst follows a short warm-up and an idle pause; a sustained figure follows a soak of its own.
  warmUp(runners, request.budget.warmupSeconds, cancelled);
  burst(runners, request.budget, cancelled);
  warmUp(runners, request.budget.warmupSeconds, cancelled);
  sustained(device, runners, request.budget, cancelled);
  for (const auto& runner : runners) runner->finish();
  const std::optional<double> lost = errors ? errors->rise() : std::nullopt;
  countUntimed(runners, lost);
  for (const auto& runner : runners) {
    Outcome& outcome = outcomes.emplace_back(runner->outcome());
    auto* const failure = std::get_if<Failure>(&outcome.result);
    if (!failure) continue;
    failure->uncorrectedErrors = lost;
    if (xids) failure->message += xids->afterFailure();
  }
  if (cancelled) throw Error("ECANCELED", "the run was cancelled");
  return outcomes;
}

}  // namespace nameplate
