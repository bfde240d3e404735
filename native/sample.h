// The order of a run, written once for every backend and operation.
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "fault.h"
#include "outcome.h"
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

// One outcome for each provider asked, in their order. Throws only where the request itself cannot be
// honoured.
std::vector<Outcome> sample(Device&, const Request&, const std::atomic<bool>& cancelled);

}  // namespace nameplate
