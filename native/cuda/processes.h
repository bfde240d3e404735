// Who else computes on a device while a window is timed.
#pragma once

#include <chrono>
#include <optional>
#include <set>
#include <string>

#include "conditions.h"
#include "cuda/sensor.h"

namespace nameplate::cuda {

// Everyone but this process and its parent.
//
// What can be known depends on who asks. A driver that knows nothing of pid namespaces lists the host's pids
// to a container: all are there, and which is ours is not told. One that does know (open-gpu-kernel-modules,
// gpuGetProcWithObject) lists those of the container alone, some twice, and its older releases by the thread
// that made the context. Our own context is on the device, so a list without us is one of the first kind, and
// one of its entries is ours; an empty one shows nobody.
class OtherProcesses {
 public:
  // `device` is a slice where it is one: the whole GPU lists those of all slices. Null where it is not known.
  // `mps`: whether an MPS server stands in the list for all its clients.
  OtherProcesses(NvmlDevice device, bool mps) : device_(device), mps_(mps) {}

  void look(Conditions& found);
  void explain(std::string& missing) const;

 private:
  std::optional<double> smShare();

  NvmlDevice device_;
  bool mps_;
  const unsigned long long since_ =  // as NvmlUse has it
      std::chrono::system_clock::now().time_since_epoch() / std::chrono::microseconds(1);
  bool seen_ = false;
  std::set<unsigned> others_;  // by pid, as far as it is told
  Sensor list_{"other processes"}, use_{"SM use of other processes"};
};

}  // namespace nameplate::cuda
