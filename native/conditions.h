// The state of a device while it is timed: clock, watts, temperature, errors, links.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace nameplate {

struct Series {
  double median = 0, min = 0, max = 0;
};

// One look at the sensors. What is absent was not answered.
struct Reading {
  double at = 0;  // seconds of the steady clock
  std::optional<double> clockHz{}, memoryClockHz{}, powerWatts{}, temperatureCelsius{},
      memoryTemperatureCelsius{};
  std::optional<std::uint64_t> throttle{};  // a bit for each reason that stands, see throttleShares()
};

// The state of the device while a window was timed. Counters are what they rose by in the window.
struct Conditions {
  std::string source;   // "nvml", or "none"
  std::string missing;  // with "none", or where a field is absent: why
  std::vector<Reading> readings;
  // That the window was open, without the pauses between its slices; where the energy is known, with those
  // that merge() takes for none.
  double seconds = 0;
  std::optional<double> energyJoules, correctedErrors, uncorrectedErrors, linkReplays;
  std::optional<double> energyCounter;              // in joules, what the board's counter stood at in the end
  std::optional<double> linkGeneration, linkWidth;  // PCI Express, the most seen: an idle link sleeps
  std::optional<double> nvlinks, nvlinksActive;
  // Others with a compute context on the device: the most at a time, what they held together, and the share
  // of the time that the busiest used the multiprocessors.
  std::optional<double> otherProcesses, otherMemoryBytes, otherSmShare;
};

// Adds a later slice of the same phase.
void merge(Conditions& all, const Conditions& slice);

// Over the readings that have the value; absent where none has.
std::optional<Series> series(const std::vector<Reading>&, std::optional<double> Reading::* value);

// Why the clock was held back, in the words of nvidia-smi, with the share of the readings in which it stood.
std::vector<std::pair<std::string, double>> throttleShares(const std::vector<Reading>&);

// Records conditions from its making until `stop`.
class Watch {
 public:
  virtual ~Watch() = default;
  virtual Conditions stop() = 0;
};

}  // namespace nameplate
