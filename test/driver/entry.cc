// The library's door: cuGetProcAddress hands out every entry point behind a guard. The guard takes turns
// between threads, counts the call, plants the fault that is planned for it, and turns a refusal into its
// result.
#include <mutex>
#include <string_view>
#include <utility>

#include "device.h"
#include "fault.h"
#include "setting.h"

namespace nameplate::simulated {
namespace {

enum class Call : std::size_t {
#define NAMEPLATE_ENTRY(name, symbol, since, needed, arguments) name,
  NAMEPLATE_DRIVER_CALLS(NAMEPLATE_ENTRY)
#undef NAMEPLATE_ENTRY
};

constexpr std::string_view names[] = {
#define NAMEPLATE_ENTRY(name, symbol, since, needed, arguments) #name,
    NAMEPLATE_DRIVER_CALLS(NAMEPLATE_ENTRY)
#undef NAMEPLATE_ENTRY
};

std::recursive_mutex turn;
bool initialised = false;

// These answer before cuInit, and after the context is lost.
constexpr bool always(Call call) {
  return call == Call::cuDriverGetVersion || call == Call::cuGetErrorName || call == Call::cuGetErrorString;
}

// These do what they are for even where they fail: a driver reports by them what an earlier launch did wrong.
constexpr bool givesBack(Call call) {
  switch (call) {
    case Call::cuDevicePrimaryCtxRelease:
    case Call::cuMemFree:
    case Call::cuMemFreeHost:
    case Call::cuStreamDestroy:
    case Call::cuStreamEndCapture:
    case Call::cuEventDestroy:
    case Call::cuGraphExecDestroy:
    case Call::cuGraphDestroy:
    case Call::cuModuleUnload:
      return true;
    default:
      return false;
  }
}

// These are of a device or of none; everything else wants a context that is current to the thread.
constexpr bool takesNoContext(Call call) {
  switch (call) {
    case Call::cuInit:
    case Call::cuDeviceGetCount:
    case Call::cuDeviceGet:
    case Call::cuDeviceGetName:
    case Call::cuDeviceTotalMem:
    case Call::cuDeviceGetAttribute:
    case Call::cuDeviceGetUuid:
    case Call::cuDeviceCanAccessPeer:
    case Call::cuDevicePrimaryCtxRetain:
    case Call::cuDevicePrimaryCtxRelease:
    case Call::cuCtxSetCurrent:
      return true;
    default:
      return always(call);
  }
}

// What each call usually fails with, where it is not CUDA_ERROR_UNKNOWN.
constexpr std::pair<Call, CUresult> usual[] = {
    {Call::cuInit, CUDA_ERROR_NO_DEVICE},
    {Call::cuDevicePrimaryCtxRetain, CUDA_ERROR_DEVICE_UNAVAILABLE},
    {Call::cuMemAlloc, CUDA_ERROR_OUT_OF_MEMORY},
    {Call::cuMemHostAlloc, CUDA_ERROR_OUT_OF_MEMORY},
    {Call::cuModuleLoadDataEx, CUDA_ERROR_OUT_OF_MEMORY},
    {Call::cuLaunchKernel, CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES},
};

CUresult resultOf(Fate fate, Call failing) {
  switch (fate) {
    case Fate::works:
      return CUDA_SUCCESS;
    case Fate::sticky:
      return CUDA_ERROR_ILLEGAL_ADDRESS;
    case Fate::ecc:
      return CUDA_ERROR_ECC_UNCORRECTABLE;
    case Fate::gone:
      return CUDA_ERROR_UNKNOWN;
    case Fate::fails:
      break;
  }
  for (const auto& [call, code] : usual)
    if (call == failing) return code;
  return CUDA_ERROR_UNKNOWN;
}

template <Call call, auto function>
struct Guard;

template <Call call, typename... Arguments, CUresult (*function)(Arguments...)>
struct Guard<call, function> {
  static CUresult enter(Arguments... arguments) {
    const Fate fate = meet(names[static_cast<std::size_t>(call)]);
    const CUresult fault = resultOf(fate, call);
    if constexpr (always(call)) return fate == Fate::fails ? fault : function(arguments...);
    if (fault != CUDA_SUCCESS && !givesBack(call)) return fault;
    const std::lock_guard lock(turn);
    if (call == Call::cuInit) initialised = true;
    if (!initialised) return CUDA_ERROR_NOT_INITIALIZED;
    try {
      if (!takesNoContext(call)) current();
      const CUresult result = function(arguments...);
      return fault == CUDA_SUCCESS ? result : fault;
    } catch (const Refusal& refusal) {
      return fault == CUDA_SUCCESS ? refusal.code : fault;
    }
  }
};

struct Entry {
  std::string_view name;
  int since;
  void* call;
};

const Entry entries[] = {
#define NAMEPLATE_ENTRY(name, symbol, since, needed, arguments) \
  {#name, since, reinterpret_cast<void*>(&Guard<Call::name, &simulated::name>::enter)},
    NAMEPLATE_DRIVER_CALLS(NAMEPLATE_ENTRY)
#undef NAMEPLATE_ENTRY
};

CUresult find(std::string_view name, void** call, int version) {
  *call = nullptr;
  for (const Entry& entry : entries) {
    // An older version would be answered with an older form of the call, which is not here.
    if (entry.name != name || version < entry.since || version > driverVersion() || missing(name)) continue;
    *call = entry.call;
    return CUDA_SUCCESS;
  }
  return CUDA_ERROR_NOT_FOUND;
}

}  // namespace
}  // namespace nameplate::simulated

using namespace nameplate;

#pragma GCC visibility push(default)
extern "C" {

// The addon looks for this name, marks every fact of such a device as simulated, and reads of the machine
// what lies in the folder.
const char* nameplate_simulated_root() {
  static const std::string root = simulated::setting("NAMEPLATE_SIMULATE_ROOT", "/");
  return root.c_str();
}

cuda::CUresult cuGetProcAddress_v2(const char* name, void** call, int version, std::uint64_t, int*) {
  return simulated::find(name, call, version);
}

// The form of CUDA 11.3, which a newer driver still has.
cuda::CUresult cuGetProcAddress(const char* name, void** call, int version, std::uint64_t) {
  return simulated::find(name, call, version);
}
}
#pragma GCC visibility pop
