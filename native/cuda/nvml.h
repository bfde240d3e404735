// What NVIDIA's management library knows of a device and the driver does not say: limits, the link, and the
// state of the device while something runs. Opened at run time; where it is missing its facts are absent, and
// everything else works.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "backend.h"

namespace nameplate::cuda {

using NvmlDevice = struct nvmlDevice_st*;
using NvmlReturn = int;  // nvmlReturn_t; 0 is success
struct NvmlPciInfo {
  char busIdLegacy[16];
  unsigned domain, bus, device, pciDeviceId, pciSubSystemId;
  char busId[32];
};

// nvmlFieldValue_t: one of the many values that have a number instead of a function.
struct NvmlFieldValue {
  unsigned fieldId, scopeId;
  long long timestamp, latency;
  int valueType;
  NvmlReturn result;
  union {
    double real;
    unsigned whole;
    unsigned long long wide;
  } value;
};

// nvmlProcessInfo_v2_t. `memory` is 0, or all ones, where it is not told.
struct NvmlProcess {
  unsigned pid;
  unsigned long long memory;
  unsigned gpuInstance, computeInstance;
};
static_assert(sizeof(NvmlProcess) == 24);

// nvmlProcessUtilizationSample_t: shares in percent, the time in microseconds of the system's clock.
struct NvmlUse {
  unsigned pid;
  unsigned long long timestamp;
  unsigned sm, memory, encoder, decoder;
};
static_assert(sizeof(NvmlUse) == 32);

// nvmlConfComputeSystemState_t. `feature` is 0 where it is off.
struct NvmlConfidential {
  unsigned environment, feature, developerTools;
};

// nvmlEventData_t: of an Xid, `data` is its number.
using NvmlEventSet = struct nvmlEventSet_st*;
struct NvmlEvent {
  NvmlDevice device;
  unsigned long long type, data;
  unsigned gpuInstance, computeInstance;
};
static_assert(sizeof(NvmlEvent) == 32);

// Each row: member, symbol, arguments. A symbol may be absent from a given version: whoever calls looks.
#define NAMEPLATE_NVML_CALLS(CALL)                                                                           \
  CALL(init, nvmlInit_v2, ())                                                                                \
  CALL(driverVersion, nvmlSystemGetDriverVersion, (char* text, unsigned length))                             \
  CALL(nvmlVersion, nvmlSystemGetNVMLVersion, (char* text, unsigned length))                                 \
  CALL(confidential, nvmlSystemGetConfComputeState, (NvmlConfidential * state))                              \
  CALL(byUuid, nvmlDeviceGetHandleByUUID, (const char* uuid, NvmlDevice* device))                            \
  CALL(byPciBusId, nvmlDeviceGetHandleByPciBusId_v2, (const char* busId, NvmlDevice* device))                \
  CALL(parentOfMig, nvmlDeviceGetDeviceHandleFromMigDeviceHandle, (NvmlDevice mig, NvmlDevice * device))     \
  CALL(pciInfo, nvmlDeviceGetPciInfo_v3, (NvmlDevice device, NvmlPciInfo * info))                            \
  CALL(maxClock, nvmlDeviceGetMaxClockInfo, (NvmlDevice device, int type, unsigned* megahertz))              \
  CALL(clock, nvmlDeviceGetClockInfo, (NvmlDevice device, int type, unsigned* megahertz))                    \
  CALL(power, nvmlDeviceGetPowerUsage, (NvmlDevice device, unsigned* milliwatts))                            \
  CALL(powerLimit, nvmlDeviceGetEnforcedPowerLimit, (NvmlDevice device, unsigned* milliwatts))               \
  CALL(powerDefault, nvmlDeviceGetPowerManagementDefaultLimit, (NvmlDevice device, unsigned* milliwatts))    \
  CALL(temperature, nvmlDeviceGetTemperature, (NvmlDevice device, int sensor, unsigned* celsius))            \
  CALL(energy, nvmlDeviceGetTotalEnergyConsumption, (NvmlDevice device, unsigned long long* millijoules))    \
  CALL(eventReasons, nvmlDeviceGetCurrentClocksEventReasons, (NvmlDevice device, unsigned long long* bits))  \
  CALL(throttleReasons, nvmlDeviceGetCurrentClocksThrottleReasons,                                           \
       (NvmlDevice device, unsigned long long* bits))                                                        \
  CALL(linkGeneration, nvmlDeviceGetCurrPcieLinkGeneration, (NvmlDevice device, unsigned* value))            \
  CALL(linkWidth, nvmlDeviceGetCurrPcieLinkWidth, (NvmlDevice device, unsigned* value))                      \
  CALL(linkMaxGeneration, nvmlDeviceGetMaxPcieLinkGeneration, (NvmlDevice device, unsigned* value))          \
  CALL(linkMaxWidth, nvmlDeviceGetMaxPcieLinkWidth, (NvmlDevice device, unsigned* value))                    \
  CALL(linkReplays, nvmlDeviceGetPcieReplayCounter, (NvmlDevice device, unsigned* value))                    \
  CALL(eccErrors, nvmlDeviceGetTotalEccErrors,                                                               \
       (NvmlDevice device, int error, int counter, unsigned long long* count))                               \
  CALL(remappedRows, nvmlDeviceGetRemappedRows,                                                              \
       (NvmlDevice device, unsigned* corrected, unsigned* uncorrected, unsigned* pending, unsigned* failed)) \
  CALL(retiredPages, nvmlDeviceGetRetiredPages,                                                              \
       (NvmlDevice device, int cause, unsigned* count, unsigned long long* addresses))                       \
  CALL(retirementPending, nvmlDeviceGetRetiredPagesPendingStatus, (NvmlDevice device, int* pending))         \
  CALL(nvlinkState, nvmlDeviceGetNvLinkState, (NvmlDevice device, unsigned link, unsigned* active))          \
  CALL(peerStatus, nvmlDeviceGetP2PStatus, (NvmlDevice one, NvmlDevice other, int capability, int* status))  \
  CALL(fieldValues, nvmlDeviceGetFieldValues, (NvmlDevice device, int count, NvmlFieldValue* values))        \
  CALL(processes, nvmlDeviceGetComputeRunningProcesses_v2,                                                   \
       (NvmlDevice device, unsigned* count, NvmlProcess* found))                                             \
  CALL(processUse, nvmlDeviceGetProcessUtilization,                                                          \
       (NvmlDevice device, NvmlUse * found, unsigned* count, unsigned long long since))                      \
  CALL(eventSetCreate, nvmlEventSetCreate, (NvmlEventSet * set))                                             \
  CALL(registerEvents, nvmlDeviceRegisterEvents,                                                             \
       (NvmlDevice device, unsigned long long types, NvmlEventSet set))                                      \
  CALL(eventSetWait, nvmlEventSetWait_v2, (NvmlEventSet set, NvmlEvent * event, unsigned milliseconds))      \
  CALL(eventSetFree, nvmlEventSetFree, (NvmlEventSet set))

// NVML_ERROR_INVALID_ARGUMENT, NVML_ERROR_NOT_SUPPORTED, NVML_ERROR_INSUFFICIENT_SIZE
inline constexpr NvmlReturn nvmlInvalidArgument = 2, nvmlNotSupported = 3, nvmlInsufficientSize = 7;
inline constexpr int nvmlSmClock = 1, nvmlMemoryClock = 2;    // nvmlClockType_t
inline constexpr int nvmlPeerByNvlink = 2;                    // NVML_P2P_CAPS_INDEX_NVLINK
inline constexpr int nvmlGpuSensor = 0;                       // NVML_TEMPERATURE_GPU
inline constexpr int nvmlCorrected = 0, nvmlUncorrected = 1;  // nvmlMemoryErrorType_t
// nvmlEccCounterType_t: since the driver was loaded, and ever.
inline constexpr int nvmlVolatile = 0, nvmlAggregate = 1;
// nvmlPageRetirementCause_t: several single-bit errors in one place, and a double-bit one.
inline constexpr int nvmlSingleBits = 0, nvmlDoubleBit = 1;
inline constexpr unsigned nvmlMemoryTemperature = 82;  // NVML_FI_DEV_MEMORY_TEMP
inline constexpr unsigned nvmlInstantPower = 186;      // NVML_FI_DEV_POWER_INSTANT, in milliwatts: since R530
inline constexpr unsigned nvmlRecoveryAction = 230;    // NVML_FI_DEV_GET_GPU_RECOVERY_ACTION
inline constexpr unsigned long long nvmlXid = 8;       // nvmlEventTypeXidCriticalError
inline constexpr unsigned nvmlMostLinks = 36;          // NVML_NVLINK_MAX_LINKS of NVML 13

struct Nvml {
#define NAMEPLATE_MEMBER(name, symbol, arguments) NvmlReturn(*name) arguments = nullptr;
  NAMEPLATE_NVML_CALLS(NAMEPLATE_MEMBER)
#undef NAMEPLATE_MEMBER
  const char* (*errorString)(NvmlReturn) = nullptr;  // nvmlErrorString
  std::string path, version;
};

// The library, ready for use, or null; nvmlAbsence() then says why.
const Nvml* nvml();
std::optional<Absence> nvmlAbsence();

// The device of its uuid, else of its place on the bus; null where NVML does not know it.
NvmlDevice nvmlDeviceOrSlice(const Facts& device);
// The same, but of a MIG slice the whole GPU: that alone has clocks and power.
NvmlDevice nvmlDevice(const Facts& device);

// Adds to `facts` what NVML knows.
void addNvmlFacts(Facts& facts);

}  // namespace nameplate::cuda
