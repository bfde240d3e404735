// What a run answers for each provider: what was measured, or why nothing was.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "conditions.h"
#include "error.h"
#include "kernel.h"
#include "workload.h"

namespace nameplate {

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
  // Of the device, from the first buffer on, of whichever provider; absent where it does not tell.
  std::optional<double> uncorrectedErrors{};
};

struct Outcome {
  std::string provider;
  std::variant<Measured, Unsupported, Failure> result;
};

}  // namespace nameplate
