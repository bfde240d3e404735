// A soak: the same launches under load for as long as one likes, each of them compared on the device with the
// verified first one, bit by bit. What finds errors that come once an hour.
#pragma once

#include "memory_errors.h"
#include "sample.h"

namespace nameplate {

struct SoakRequest {
  const Operation* operation = nullptr;
  Shape shape;
  std::string provider;
  Data data = Data::uniform;
  std::uint64_t seed = 0;
  Fault fault = Fault::none;
  bool operator==(const SoakRequest&) const = default;
};

// One round that left other bits than the verified launch.
struct SoakError {
  double at = 0;  // seconds since the soak began
  Damaged damaged = Damaged::output;
  std::size_t differences = 0;  // words of it
  Verification::Difference first;
};

// What a stretch of the soak found.
struct SoakStep {
  Kernel kernel;
  Work work;
  Verification verification;  // of the first launch
  double seconds = 0;         // of the stretch
  double endedAt = 0;         // seconds since the soak began
  double busySeconds = 0;     // of device time in launches
  std::size_t launches = 0;   // every one of them compared
  std::size_t wrongRounds = 0;
  std::vector<SoakError> errors;  // the first of them
  Conditions conditions;
  std::optional<Failure> failure;  // what ended it; the rounds before stand
};

class Soak {
 public:
  // Makes the inputs, launches once and verifies. Throws as a Workload does; but where memory failed
  // meanwhile, what was thrown is the first step's failure, which tells of the memory as well.
  Soak(Device&, const SoakRequest&);
  const SoakRequest& request() const { return request_; }

  // Goes on for `seconds`, one round at least. Where the first launch was wrong, there is nothing to compare
  // with: the step then has no launches. What a round throws is in the step.
  SoakStep step(double seconds, const std::atomic<bool>& cancelled);

 private:
  void prepare();
  void round(SoakStep&);
  std::string afterFailure() const { return xids_ ? xids_->afterFailure() : ""; }

  SoakRequest request_;
  Device& real_;
  FaultyDevice faulty_;
  MemoryErrors errors_;
  std::unique_ptr<Xids> xids_;
  std::unique_ptr<Trial> trial_;
  Verification verification_;
  Work work_;
  std::unique_ptr<Batch> batch_;
  std::optional<Failure> failure_;  // of the preparation, with what memory lost in it
  double startedAt_ = 0;
};

}  // namespace nameplate
