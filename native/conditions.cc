#include <algorithm>
#include <array>

#include "conditions.h"

namespace nameplate {
namespace {

// The bits of nvmlClocksEventReasons, called throttle reasons before R535; the last two came later, and older
// drivers keep them to themselves. Bit 0 is "idle", which holds nothing back. "hw slowdown" stands whenever
// one of the two more precise ones does.
struct Reason {
  std::uint64_t bit;
  const char* name;
};
constexpr std::array<Reason, 10> reasons{{
    {0x2, "applications clocks setting"},
    {0x4, "sw power cap"},
    {0x8, "hw slowdown"},
    {0x10, "sync boost"},
    {0x20, "sw thermal slowdown"},
    {0x40, "hw thermal slowdown"},
    {0x80, "hw power brake slowdown"},
    {0x100, "display clock setting"},
    {0x200, "board limit"},
    {0x400, "reliability limit"},
}};
constexpr std::uint64_t idleBit = 0x1;

std::string reasonName(unsigned bit) {
  for (const Reason& reason : reasons)
    if (reason.bit == std::uint64_t{1} << bit) return reason.name;
  return "reason bit " + std::to_string(bit);
}

// Absent where a slice lacks it: the sum of the others would be too small.
void add(std::optional<double>& all, const std::optional<double>& slice) {
  if (all && slice)
    *all += *slice;
  else
    all.reset();
}

// What was found counts, whatever was not told of other slices.
void addFound(std::optional<double>& all, const std::optional<double>& slice) {
  if (slice) all = all.value_or(0) + *slice;
}

void most(std::optional<double>& all, const std::optional<double>& slice) {
  if (slice) all = std::max(all.value_or(0), *slice);
}

// The counter of energy ticks some ten times a second. Slices that are less than that apart follow each other
// at once, and energy.ts takes them for one stretch.
constexpr double tickSeconds = 0.1;

// A tick between two such slices would be nobody's, and each carries a tenth of a second's energy: several
// would make a stretch cheaper than the tick at either end that energy.ts allows for. So the pause, a few
// milliseconds of reading counters, belongs to the stretch, with its time and its energy.
void bridge(Conditions& all, const Conditions& slice) {
  if (!all.energyCounter || !slice.energyCounter) return;
  const double pause = slice.readings.front().at - all.readings.back().at;
  if (pause > tickSeconds) return;
  all.seconds += pause;
  *all.energyJoules += *slice.energyCounter - *slice.energyJoules - *all.energyCounter;
}

}  // namespace

void merge(Conditions& all, const Conditions& slice) {
  if (all.source.empty()) {
    all = slice;
    return;
  }
  bridge(all, slice);
  all.energyCounter = slice.energyCounter;
  all.readings.insert(all.readings.end(), slice.readings.begin(), slice.readings.end());
  all.seconds += slice.seconds;
  add(all.energyJoules, slice.energyJoules);
  if (!all.energyJoules) all.energyCounter.reset();
  add(all.correctedErrors, slice.correctedErrors);
  addFound(all.uncorrectedErrors, slice.uncorrectedErrors);
  add(all.linkReplays, slice.linkReplays);
  most(all.linkGeneration, slice.linkGeneration);
  most(all.linkWidth, slice.linkWidth);
  if (slice.nvlinks) all.nvlinks = slice.nvlinks;
  if (slice.nvlinksActive)
    all.nvlinksActive = std::min(all.nvlinksActive.value_or(*slice.nvlinksActive), *slice.nvlinksActive);
  most(all.otherProcesses, slice.otherProcesses);
  most(all.otherMemoryBytes, slice.otherMemoryBytes);
  most(all.otherSmShare, slice.otherSmShare);
  if (all.missing.empty()) all.missing = slice.missing;
}

std::optional<Series> series(const std::vector<Reading>& readings, std::optional<double> Reading::* value) {
  std::vector<double> sorted;
  for (const Reading& reading : readings)
    if (reading.*value) sorted.push_back(*(reading.*value));
  if (sorted.empty()) return std::nullopt;
  std::ranges::sort(sorted);
  const std::size_t middle = sorted.size() / 2;
  const double median = sorted.size() % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return Series{median, sorted.front(), sorted.back()};
}

std::vector<std::pair<std::string, double>> throttleShares(const std::vector<Reading>& readings) {
  std::array<std::size_t, 64> standing{};
  std::size_t answered = 0;
  for (const Reading& reading : readings) {
    if (!reading.throttle) continue;
    ++answered;
    for (unsigned bit = 0; bit < 64; ++bit)
      if ((*reading.throttle & ~idleBit) >> bit & 1) ++standing[bit];
  }
  std::vector<std::pair<std::string, double>> shares;
  for (unsigned bit = 0; bit < 64; ++bit)
    if (standing[bit] > 0)
      shares.emplace_back(reasonName(bit),
                          static_cast<double>(standing[bit]) / static_cast<double>(answered));
  return shares;
}

}  // namespace nameplate
