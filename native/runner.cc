#include "runner.h"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace nameplate {
namespace {

// Long enough that an event's half microsecond of resolution and the first launch's latency are nothing in
// it.
constexpr double sampleSeconds = 10e-3;
constexpr std::size_t mostLaunches = 1024;

Conditions unwatched() {
  Conditions conditions;
  conditions.source = "none";
  conditions.missing = "telemetry was switched off";
  return conditions;
}

}  // namespace

template <class Body>
void Runner::guarded(Body body) {
  if (failure_ || unsupported_) return;
  try {
    body();
  } catch (const Unsupported& reason) {
    unsupported_ = reason;
  } catch (const Error& error) {
    failure_ = Failure{error.code, error.what()};
  }
}

Runner::Runner(Device& device, const Workload& workload, std::string provider, const Request& request)
    : device_(device),
      provider_(std::move(provider)),
      peer_(request.shape.peer),
      telemetry_(request.telemetry) {
  guarded([&] {
    trial_ = workload(provider_);
    measured_ = Measured{trial_->kernel(), trial_->work(), trial_->verify(), {}, {}, {}, {}};
    if (measured_.verification.passed()) recordBatches();
  });
}

void Runner::recordBatches() {
  const auto launch = [this](std::size_t i) { trial_->launch(i); };
  const bool capturable = trial_->kernel().capturable;
  std::unique_ptr<Batch> one = device_.record(1, launch, capturable);
  one->seconds();
  const double launchSeconds = one->seconds();
  if (!(launchSeconds > 0)) throw Error("ERANGE", "a launch took no measurable time: no work was done");
  const std::size_t rotations = std::max<std::size_t>(1, measured_.work.rotations);
  const double wanted = std::ceil(sampleSeconds / launchSeconds);
  launches_ = wanted >= static_cast<double>(mostLaunches) ? mostLaunches : static_cast<std::size_t>(wanted);
  // One batch of whole rounds through the buffer sets, or, where launches are long, several that share a
  // round.
  if (launches_ >= rotations) launches_ = (launches_ + rotations - 1) / rotations * rotations;
  for (std::size_t first = 0; first < rotations; first += launches_)
    batches_.push_back(
        device_.record(launches_, [&](std::size_t i) { trial_->launch(first + i); }, capturable));
}

double Runner::secondsPerLaunch() {
  Batch& batch = *batches_[next_++ % batches_.size()];
  return batch.seconds() / static_cast<double>(launches_);
}

double Runner::once() {
  double seconds = 0;
  guarded([&] { seconds = secondsPerLaunch(); });
  return seconds;
}

void Runner::poison() {
  guarded([&] {
    trial_->poison();
    next_ = 0;
  });
}

void Runner::slice(Phase& phase, double seconds, const std::atomic<bool>& cancelled) {
  guarded([&] {
    device_.settle();  // after another provider's turn
    const auto start = std::chrono::steady_clock::now();
    const std::chrono::duration<double> wanted(seconds);
    phase.launchesPerSample = launches_;
    const std::unique_ptr<Watch> watch = telemetry_ ? device_.watch(peer_) : nullptr;
    do phase.secondsPerLaunch.push_back(secondsPerLaunch());
    while (std::chrono::steady_clock::now() - start < wanted && !cancelled);
    merge(phase.conditions, watch ? watch->stop() : unwatched());
  });
}

void Runner::finish() {
  if (!timing()) return;
  guarded([&] {
    trial_->verifyTimed(measured_.verification, next_ * launches_);
    measured_.verification.timedLaunchesCompared = true;
  });
}

Outcome Runner::outcome() {
  if (unsupported_) return {provider_, *unsupported_};
  if (failure_) return {provider_, *failure_};
  return {provider_, std::move(measured_)};
}

}  // namespace nameplate
