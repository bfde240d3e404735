#include <algorithm>

#include "backend.h"

namespace nameplate {

void merge(Conditions& all, const Conditions& slice) {
  if (all.source.empty()) {
    all = slice;
    return;
  }
  const auto join = [&](std::optional<Series>& into, const std::optional<Series>& from) {
    if (!from) return;
    if (!into) {
      into = from;
      return;
    }
    const double share =
        static_cast<double>(slice.samples) / static_cast<double>(all.samples + slice.samples);
    into = Series{into->median + (from->median - into->median) * share, std::min(into->min, from->min),
                  std::max(into->max, from->max)};
  };
  join(all.clockHz, slice.clockHz);
  join(all.memoryClockHz, slice.memoryClockHz);
  join(all.powerWatts, slice.powerWatts);
  join(all.temperatureCelsius, slice.temperatureCelsius);
  if (slice.energyJoules) all.energyJoules = all.energyJoules.value_or(0) + *slice.energyJoules;
  const double before = static_cast<double>(all.samples), now = static_cast<double>(slice.samples);
  for (auto& [reason, share] : all.throttle) share *= before / std::max(1.0, before + now);
  for (const auto& [reason, share] : slice.throttle) {
    auto found = std::ranges::find(all.throttle, reason, &std::pair<std::string, double>::first);
    if (found == all.throttle.end()) found = all.throttle.insert(found, {reason, 0.0});
    found->second += share * now / std::max(1.0, before + now);
  }
  all.samples += slice.samples;
}

}  // namespace nameplate
