// What of the simulated NVML tells who else is on a card: this process, and those that a test put there.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "nvml_answer.h"

namespace nameplate::simulated {
namespace {

using cuda::NvmlProcess;
using cuda::NvmlUse;

constexpr unsigned otherPids = 5'000'000;  // of no process here: Linux gives none above 2^22
constexpr unsigned long long bytesHeld = 20'000'000'000;
constexpr unsigned none = ~0u;  // of a process that is in no slice

std::string listing() {
  const std::string asked = setting("NAMEPLATE_SIMULATE_PROCESSES", "own");
  for (const char* known : {"own", "parent", "thread", "twice", "host", "mixed", "hidden", "forbidden"})
    if (asked == known) return asked;
  refuse("NAMEPLATE_SIMULATE_PROCESSES=" + asked +
         "; allowed are own, parent, thread, twice, host, mixed, hidden and forbidden");
}

unsigned others() {
  return static_cast<unsigned>(number("NAMEPLATE_SIMULATE_OTHERS", 0));
}

// Of ours. A thread that is not the first, while the watch runs: the one that calls.
unsigned ownPid(bool ofHost) {
  if (ofHost) return otherPids + 1'000;
  return static_cast<unsigned>(listing() == "thread" ? gettid() : getpid());
}

std::vector<NvmlProcess> processes(const Card& card, bool slice) {
  std::vector<NvmlProcess> found;
  const auto add = [&](unsigned pid) { found.push_back({pid, bytesHeld, none, none}); };
  if (listing() == "forbidden") throw NvmlReturn{noPermission};
  if (listing() == "hidden") return found;
  for (unsigned other = 0; other < others(); ++other) add(otherPids + other);
  if (card.mig() && !slice) add(otherPids + 2'000);  // of another slice
  if (listing() == "parent") add(static_cast<unsigned>(getppid()));
  add(ownPid(listing() == "host"));
  if (listing() == "twice")
    for (std::size_t i = 0, once = found.size(); i < once; ++i) add(found[i].pid);
  return found;
}

// Of each process that used the SMs. Beside it what real drivers give as well: a sample of another time.
std::vector<NvmlUse> use(const Card& card, unsigned long long since) {
  if (card.mig()) throw NvmlReturn{notSupported};
  const auto share = static_cast<unsigned>(number("NAMEPLATE_SIMULATE_OTHERS_SMS", 0));
  const unsigned long long now =
      std::chrono::system_clock::now().time_since_epoch() / std::chrono::microseconds(1);
  std::vector<NvmlUse> found{{otherPids, since, 99, 0, 0, 0}, {otherPids, now, 4'000'000'000, 0, 0, 0}};
  const bool ofHost = listing() == "host" || listing() == "mixed";
  found.push_back({ownPid(ofHost), now, 60, 0, 0, 0});
  for (unsigned other = 0; other < others() && share > 0; ++other)
    found.push_back({otherPids + other + (listing() == "mixed" ? 3'000 : 0), now, share, 0, 0, 0});
  return found;
}

template <typename Entry>
Entry* give(const std::vector<Entry>& found, unsigned* count, Entry* to) {
  const unsigned room = *count;
  *count = static_cast<unsigned>(found.size());
  if (room < found.size()) throw NvmlReturn{tooSmall};
  std::ranges::copy(found, to);
  return to;
}

}  // namespace
}  // namespace nameplate::simulated

using namespace nameplate::simulated;

#pragma GCC visibility push(default)
extern "C" {

// The one call that a slice answers for itself.
NvmlReturn nvmlDeviceGetComputeRunningProcesses_v2(NvmlDevice device, unsigned* count,
                                                   nameplate::cuda::NvmlProcess* to) {
  const Card* slice = cardOf(device, true);
  return answer(slice ? handle(*slice, false) : device, &to,
                [=](const Card& card) { return give(processes(card, slice != nullptr), count, to); });
}

NvmlReturn nvmlDeviceGetProcessUtilization(NvmlDevice device, nameplate::cuda::NvmlUse* to, unsigned* count,
                                           unsigned long long since) {
  return answer(device, &to, [=](const Card& card) { return give(use(card, since), count, to); });
}
}
#pragma GCC visibility pop
