// Events of the simulated NVML: the Xid of an error that lasts, once for each set that listens.
#include <memory>

#include "nvml_answer.h"

// What the handle of a set points to.
struct nameplate::cuda::nvmlEventSet_st {
  NvmlDevice device = nullptr;
  unsigned told = 0;  // the Xid that was last
};

using namespace nameplate::simulated;
using nameplate::cuda::NvmlEvent;
using nameplate::cuda::NvmlEventSet;
using Set = nameplate::cuda::nvmlEventSet_st;

#pragma GCC visibility push(default)
extern "C" {

NvmlReturn nvmlEventSetCreate(NvmlEventSet* set) {
  if (const NvmlReturn fault = met(); fault != success) return fault;
  *set = std::make_unique<Set>().release();
  return success;
}

NvmlReturn nvmlDeviceRegisterEvents(NvmlDevice device, unsigned long long types, NvmlEventSet set) {
  NvmlDevice* const listened = &set->device;
  return answer(device, listened, [device, types](const Card&) {
    if (types != nameplate::cuda::nvmlXid) throw NvmlReturn{notSupported};
    return device;
  });
}

// No event comes later than it is asked for, so that there is nothing to wait for.
NvmlReturn nvmlEventSetWait_v2(NvmlEventSet set, NvmlEvent* event, unsigned) {
  if (const NvmlReturn fault = met(); fault != success) return fault;
  const unsigned xid = nameplateSimulatedXid();
  if (!set->device || xid == set->told) return timedOut;
  set->told = xid;
  constexpr unsigned noInstance = 0xffffffff;
  *event = {set->device, nameplate::cuda::nvmlXid, xid, noInstance, noInstance};
  return success;
}

NvmlReturn nvmlEventSetFree(NvmlEventSet set) {
  const std::unique_ptr<Set> last(set);
  return met();
}

}  // extern "C"
