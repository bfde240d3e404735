// The order of a run, written once for every backend and operation.
#pragma once

#include <atomic>
#include <string>
#include <variant>
#include <vector>

#include "fault.h"
#include "workload.h"

namespace nameplate {

struct Budget {
  double warmupSeconds = 0, burstSeconds = 0, sustainedSeconds = 0;
  double precision = 0;  // relative half-width of the median's interval at which sampling may stop
};

struct Request {
  const Operation* operation = nullptr;
  Shape shape;
  std::vector<std::string> providers;
  Data data = Data::uniform;
  std::uint64_t seed = 0;
  bool telemetry = true;      // whether clocks, watts and errors are asked for while a window is timed
  Fault fault = Fault::none;  // seeded on purpose; what is then measured is no measurement
  Budget budget;
};

enum class Stopped : std::uint8_t { precise, time, cancelled };

// Seconds per launch, one value a sample; a sample is `launchesPerSample` launches timed as one.
struct Phase {
  std::vector<double> secondsPerLaunch;
  std::size_t launchesPerSample = 0;
  Stopped stopped = Stopped::time;
  Conditions conditions;
};

// What a device's own loop reached on the kernel's resource, between the slices of the sustained phase.
struct Ceilings {
  std::string how;
  std::vector<double> rates;  // FLOP/s
};

struct Measured {
  Kernel kernel;
  Work work;
  Verification verification;
  // Absent where the first result was wrong: what has not been verified has no number.
  std::optional<Phase> burst, sustained;
  std::optional<Ceilings> ceiling;  // absent where the device has no loop for the resource
  // Uncorrected ECC errors of the device from the first buffer to the last comparison, those aside that a
  // window counted, of whichever provider; absent where it does not tell.
  std::optional<double> untimedErrors;
};

struct Failure {
  std::string code, message;
};

struct Outcome {
  std::string provider;
  std::variant<Measured, Unsupported, Failure> result;
};

// One outcome for each provider asked, in their order. Throws only where the request itself cannot be
// honoured.
std::vector<Outcome> sample(Device&, const Request&, const std::atomic<bool>& cancelled);

}  // namespace nameplate
