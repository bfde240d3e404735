#include "work.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>
#include <unordered_map>

#include "fault.h"
#include "setting.h"

namespace nameplate::simulated {
namespace {

using Generations = std::vector<std::uint64_t>;

// Of each launch, the generations of its reads and writes right after it was computed.
std::unordered_map<std::string, Generations>& standing() {
  static auto* const made = new std::unordered_map<std::string, Generations>;
  return *made;
}

Generations generations(const Work& work) {
  Generations all;
  for (const auto* spans : {&work.reads, &work.writes})
    for (const Span& span : *spans) all.push_back(place(span, work.copies).generation);
  return all;
}

// A launch that updates its own input gives another result each time, and host memory may change unseen.
bool repeatable(const Work& work) {
  for (const Span& read : work.reads)
    if (std::ranges::any_of(work.writes, [&](const Span& write) { return together(read, write); }))
      return false;
  const auto known = [](const Span& span) { return onDevice(span); };
  return std::ranges::all_of(work.reads, known) && std::ranges::all_of(work.writes, known);
}

std::vector<std::byte*> hosts(const std::vector<Span>& spans, bool pageable) {
  std::vector<std::byte*> all;
  for (const Span& span : spans) all.push_back(place(span, pageable).host);
  return all;
}

// The launch whose result is spoilt: the first that is replayed, until one that is not replayed writes there.
struct Victim {
  std::string what;
  Span result;
};
std::optional<Victim> victim;

// Spoils the result of one launch, and again whenever it was computed anew.
void spoilResult(const Work& work, bool computed) {
  const Spoil how = spoil();
  if (how == Spoil::none || work.writes.front().bytes < 4) return;
  if (victim && (victim->what != work.what || !computed)) return;
  const Span& result = work.writes.front();
  victim = {work.what, result};
  std::byte* word = place(result, work.copies).host + result.bytes / 2 / 4 * 4;
  if (how == Spoil::flip) *word ^= std::byte{1};
  if (how == Spoil::nan) std::memset(word, 0xff, 4);
}

// Those that are timed in order to choose among them write where the one that is chosen will.
void spare(const Work& work) {
  if (victim &&
      std::ranges::any_of(work.writes, [](const Span& write) { return together(write, victim->result); }))
    victim.reset();
}

}  // namespace

bool perform(const Work& work, bool replayed) {
  const bool mayStand = repeatable(work);
  const auto known = mayStand ? standing().find(work.what) : standing().end();
  const bool stands = known != standing().end() && known->second == generations(work);
  if (!stands) {
    work.compute(hosts(work.reads, work.copies), hosts(work.writes, work.copies));
    for (const Span& span : work.writes) written(span);
    if (mayStand) standing()[work.what] = generations(work);
  }
  if (replayed)
    spoilResult(work, !stands);
  else if (!stands)
    spare(work);
  return !stands;
}

double efficiency() {
  static const double share = number("NAMEPLATE_SIMULATE_EFFICIENCY", 0.9);
  return share;
}

double movingSeconds(const Card& card, double bytes) {
  return bytes / (card.bandwidth * efficiency());
}

double computingSeconds(const Card& card, Unit unit, double multiplyAdds) {
  return operatingSeconds(card, card.rate(unit), multiplyAdds);
}

double operatingSeconds(const Card& card, double perClock, double operations) {
  const double perSecond = perClock * card.multiprocessors * card.heldHz * condition().clock;
  return operations / (perSecond * efficiency());
}

double linkSeconds(const Card& card, double bytes, bool pageable) {
  constexpr double third = 15.754e9;  // bytes per second and direction of PCIe 3.0 x16
  const double rate = third * std::exp2(card.linkGeneration - 3.0) * condition().linkWidth / 16;
  return bytes / (rate * efficiency() * (pageable ? 0.4 : 1));
}

}  // namespace nameplate::simulated
