// One provider in a run: its trial, its recorded batches, what it has measured, or why it has not.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "outcome.h"
#include "sample.h"
#include "workload.h"

namespace nameplate {

class Runner {
 public:
  // Makes the trial, verifies its first launch and records the batches; what goes wrong here or later becomes
  // the outcome.
  Runner(Device&, const Workload&, std::string provider, const Request&);

  bool timing() const { return !batches_.empty() && !failure_; }
  // Seconds per launch of one batch; 0 where it failed.
  double once();
  // What the launches to be timed fail to write must not pass as what earlier ones wrote.
  void poison();
  // Samples into `phase`, one at least, until `seconds` have passed.
  void slice(Phase& phase, double seconds, const std::atomic<bool>& cancelled);
  // Compares what the timed launches left with the verified output.
  void finish();

  Measured& measured() { return measured_; }
  Outcome outcome();

 private:
  void recordBatches();
  double secondsPerLaunch();
  template <class Body>
  void guarded(Body body);

  Device& device_;
  std::string provider_, peer_;
  bool telemetry_;
  std::unique_ptr<Trial> trial_;
  std::vector<std::unique_ptr<Batch>> batches_;
  std::size_t next_ = 0;  // batches replayed since the last poison
  Measured measured_;
  std::size_t launches_ = 1;  // of a batch
  std::optional<Failure> failure_;
  std::optional<Unsupported> unsupported_;
};

}  // namespace nameplate
