#include "soak.h"

#include <algorithm>
#include <chrono>

namespace nameplate {
namespace {

constexpr std::size_t mostErrorsListed = 100;  // of one step

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

Soak::Soak(Device& device, const SoakRequest& request)
    : request_(request),
      real_(device),
      faulty_(device, request.fault),
      errors_(device, request.shape.peer),
      xids_(device.xids()) {
  try {
    prepare();
  } catch (const Error& error) {
    const auto lost = errors_.rise();
    if (lost.value_or(0) == 0) throw;
    failure_ = Failure{error.code, error.what() + afterFailure(), lost};
  }
  startedAt_ = now();
}

void Soak::prepare() {
  Device& used = request_.fault == Fault::none ? real_ : faulty_;
  trial_ = makeWorkload(used, *request_.operation, request_.shape, request_.data,
                        request_.seed)(request_.provider);
  work_ = trial_->work();
  verification_ = trial_->verify();
  // One round through the buffer sets: each output is compared before the next launch writes over it.
  if (verification_.passed())
    batch_ = used.record(
        work_.rotations, [this](std::size_t i) { trial_->launch(i); }, trial_->kernel().capturable);
}

SoakStep Soak::step(double seconds, const std::atomic<bool>& cancelled) {
  SoakStep step;
  if (failure_) {
    step.failure = failure_;
    step.conditions.source = "none";
    step.conditions.missing = "nothing was timed";
    step.conditions.uncorrectedErrors = failure_->uncorrectedErrors;
    return step;
  }
  step.kernel = trial_->kernel();
  step.work = work_;
  step.verification = verification_;
  if (!batch_) return step;
  const double start = now();
  const std::unique_ptr<Watch> watch = real_.watch(request_.shape.peer);
  try {
    do round(step);
    while (now() - start < seconds && !cancelled);
  } catch (const Error& error) {
    step.failure = Failure{error.code, error.what() + afterFailure()};
  }
  merge(step.conditions, watch->stop());
  // What memory lost between two steps, or while the first launch was verified, it lost as well.
  if (const auto errors = errors_.rise()) step.conditions.uncorrectedErrors = errors;
  step.seconds = now() - start;
  step.endedAt = now() - startedAt_;
  return step;
}

void Soak::round(SoakStep& step) {
  // What a launch failed to write must not pass as what the launch before it wrote.
  trial_->poison();
  const double seconds = batch_->seconds();
  Verification found;
  trial_->verifyTimed(found, work_.rotations);
  step.busySeconds += seconds;
  step.launches += work_.rotations;
  if (found.passed()) return;
  ++step.wrongRounds;
  const bool listed = step.errors.size() < mostErrorsListed;
  if (listed)
    step.errors.push_back({now() - startedAt_, Damaged::output, found.differences, found.first.value()});
  Verification lasting;
  const Damaged damaged = trial_->restore(lasting);
  if (!listed || damaged == Damaged::output) return;
  SoakError& error = step.errors.back();
  error = {error.at, damaged, lasting.differences, lasting.first.value()};
}

}  // namespace nameplate
