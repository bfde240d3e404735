#include "cuda/processes.h"

#include <unistd.h>

#include <algorithm>
#include <map>

namespace nameplate::cuda {
namespace {

// Of a thread of this process, its first one included.
bool isOurs(unsigned pid) {
  return access(("/proc/self/task/" + std::to_string(pid)).c_str(), F_OK) == 0;
}

std::optional<double> bytesOf(const NvmlProcess& process) {
  if (process.memory == 0 || process.memory == ~0ULL) return std::nullopt;
  return static_cast<double>(process.memory);
}

}  // namespace

// By _v2 and not by _v3, which has the same struct today: in R535 that one had a longer struct, then none,
// and then the old one again, all under one name. Every driver that is taken (R470) has _v2.
void OtherProcesses::look(Conditions& found) {
  if (!device_) {
    list_.refuse("NVML does not know this slice");
    return;
  }
  if (mps_) {
    list_.refuse("an MPS server shares the device, and may stand for all its clients");
    return;
  }
  const auto listed = list_.list<NvmlProcess>(
      nvml()->processes,
      [this](unsigned* count, NvmlProcess* entries) { return nvml()->processes(device_, count, entries); });
  if (!listed) return;
  std::map<unsigned, std::optional<double>> held;
  for (const NvmlProcess& each : *listed) held[each.pid] = bytesOf(each);
  const bool told = std::erase_if(held, [](const auto& each) { return isOurs(each.first); }) > 0;
  if (told) held.erase(static_cast<unsigned>(getppid()));
  if (!told && held.empty()) {
    list_.refuse("this process itself is not listed, so others are not either");
    return;
  }
  const std::size_t others = held.size() - (told ? 0 : 1);
  found.otherProcesses = static_cast<double>(others);
  if (others == 0) return;
  seen_ = true;
  if (!told) {
    use_.refuse("which of the pids is that of this process is not told");
    return;
  }
  found.otherMemoryBytes = 0;
  for (const auto& [pid, bytes] : held) {
    others_.insert(pid);
    if (found.otherMemoryBytes && bytes)
      *found.otherMemoryBytes += *bytes;
    else
      found.otherMemoryBytes.reset();
  }
  found.otherSmShare = smShare();
}

// Of the time, by the busiest. Some drivers list pids of the container, and use by pids of the host: only
// where ours are among the samples does it mean anything that others are not. Samples are also given that are
// older than asked for, or of more than 100 percent (nvtop's issue 110).
std::optional<double> OtherProcesses::smShare() {
  const auto samples = use_.list<NvmlUse>(nvml()->processUse, [this](unsigned* count, NvmlUse* entries) {
    return nvml()->processUse(device_, entries, count, since_);
  });
  if (!samples) return std::nullopt;
  bool ours = false;
  double most = 0;
  for (const NvmlUse& sample : *samples) {
    if (sample.timestamp <= since_ || sample.sm == 0 || sample.sm > 100) continue;
    if (others_.contains(sample.pid))
      most = std::max(most, sample.sm / 100.0);
    else
      ours = ours || isOurs(sample.pid);
  }
  if (!ours && most == 0) return use_.refuse("no sample of this process itself within the window");
  return most;
}

void OtherProcesses::explain(std::string& missing) const {
  list_.explain(missing);
  if (seen_) use_.explain(missing);
}

}  // namespace nameplate::cuda
