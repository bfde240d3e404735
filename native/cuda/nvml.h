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

// Each row: member, symbol, arguments. A symbol may be absent from a given version: whoever calls looks.
#define NAMEPLATE_NVML_CALLS(CALL)                                                                          \
  CALL(init, nvmlInit_v2, ())                                                                               \
  CALL(driverVersion, nvmlSystemGetDriverVersion, (char* text, unsigned length))                            \
  CALL(nvmlVersion, nvmlSystemGetNVMLVersion, (char* text, unsigned length))                                \
  CALL(byUuid, nvmlDeviceGetHandleByUUID, (const char* uuid, NvmlDevice* device))                           \
  CALL(byPciBusId, nvmlDeviceGetHandleByPciBusId_v2, (const char* busId, NvmlDevice* device))               \
  CALL(parentOfMig, nvmlDeviceGetDeviceHandleFromMigDeviceHandle, (NvmlDevice mig, NvmlDevice * device))    \
  CALL(pciInfo, nvmlDeviceGetPciInfo_v3, (NvmlDevice device, NvmlPciInfo * info))                           \
  CALL(maxClock, nvmlDeviceGetMaxClockInfo, (NvmlDevice device, int type, unsigned* megahertz))             \
  CALL(clock, nvmlDeviceGetClockInfo, (NvmlDevice device, int type, unsigned* megahertz))                   \
  CALL(power, nvmlDeviceGetPowerUsage, (NvmlDevice device, unsigned* milliwatts))                           \
  CALL(powerLimit, nvmlDeviceGetEnforcedPowerLimit, (NvmlDevice device, unsigned* milliwatts))              \
  CALL(powerDefault, nvmlDeviceGetPowerManagementDefaultLimit, (NvmlDevice device, unsigned* milliwatts))   \
  CALL(temperature, nvmlDeviceGetTemperature, (NvmlDevice device, int sensor, unsigned* celsius))           \
  CALL(energy, nvmlDeviceGetTotalEnergyConsumption, (NvmlDevice device, unsigned long long* millijoules))   \
  CALL(eventReasons, nvmlDeviceGetCurrentClocksEventReasons, (NvmlDevice device, unsigned long long* bits)) \
  CALL(throttleReasons, nvmlDeviceGetCurrentClocksThrottleReasons,                                          \
       (NvmlDevice device, unsigned long long* bits))                                                       \
  CALL(linkGeneration, nvmlDeviceGetCurrPcieLinkGeneration, (NvmlDevice device, unsigned* value))           \
  CALL(linkWidth, nvmlDeviceGetCurrPcieLinkWidth, (NvmlDevice device, unsigned* value))                     \
  CALL(linkMaxGeneration, nvmlDeviceGetMaxPcieLinkGeneration, (NvmlDevice device, unsigned* value))         \
  CALL(linkMaxWidth, nvmlDeviceGetMaxPcieLinkWidth, (NvmlDevice device, unsigned* value))

inline constexpr int nvmlSmClock = 1, nvmlMemoryClock = 2;  // nvmlClockType_t
inline constexpr int nvmlGpuSensor = 0;                     // NVML_TEMPERATURE_GPU

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

// The physical device of `uuid` ("GPU-…", or "MIG-…", whose clocks and power are its parent's), else of
// `busId`; null where NVML does not know it.
NvmlDevice nvmlDevice(const std::optional<std::string>& uuid, const std::optional<std::string>& busId);

// Adds to `facts` what NVML knows.
void addNvmlFacts(Facts& facts);

}  // namespace nameplate::cuda
