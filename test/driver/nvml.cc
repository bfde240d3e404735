// libnvidia-ml.so.1 for tests: the facts and the telemetry of the simulated cards, in the condition that was
// asked for.
#include <chrono>
#include <cstring>
#include <string>
#include <utility>

#include "nvml_answer.h"
#include "setting.h"

namespace nameplate::simulated {
namespace {

constexpr std::pair<NvmlReturn, const char*> texts[] = {
    {success, "Success"},
    {uninitialised, "Uninitialized"},
    {invalidArgument, "Invalid Argument"},
    {notSupported, "Not Supported"},
    {noPermission, "Insufficient Permissions"},
    {notFound, "Not Found"},
    {tooSmall, "Insufficient Size"},
    {driverNotLoaded, "Driver Not Loaded"},
    {gpuIsLost, "GPU is lost"},
};

template <typename Is>
NvmlReturn find(NvmlDevice* device, bool mayBeSlice, NvmlReturn fault, Is is) {
  if (fault != success) return fault;
  for (const Card& card : cards()) {
    if (!is(card)) continue;
    *device = handle(card, mayBeSlice && card.mig());
    return success;
  }
  return notFound;
}

NvmlReturn say(const std::string& what, char* text, unsigned length, NvmlReturn fault) {
  if (fault != success) return fault;
  if (length <= what.size()) return tooSmall;
  std::memcpy(text, what.c_str(), what.size() + 1);
  return success;
}

using Seconds = std::chrono::duration<double>;
const auto started = std::chrono::steady_clock::now();

unsigned long long reasons(const Card&) {
  return condition().reasons;
}

}  // namespace
}  // namespace nameplate::simulated

using namespace nameplate::simulated;

#pragma GCC visibility push(default)
extern "C" {

NvmlReturn nvmlInit_v2() {
  if (nameplateSimulatedMeet("nvmlInit_v2") != Fate::works) return driverNotLoaded;
  ready = true;
  return success;
}

const char* nvmlErrorString(NvmlReturn result) {
  for (const auto& [known, text] : texts)
    if (known == result) return text;
  return "Unknown Error";
}

NvmlReturn nvmlSystemGetDriverVersion(char* text, unsigned length) {
  return say("580.65.06", text, length, met());
}

NvmlReturn nvmlSystemGetNVMLVersion(char* text, unsigned length) {
  return say("13.580.65.06", text, length, met());
}

NvmlReturn nvmlSystemGetConfComputeState(nameplate::cuda::NvmlConfidential* state) {
  if (const NvmlReturn fault = met(); fault != success) return fault;
  const bool on = setting("NAMEPLATE_SIMULATE_CONFIDENTIAL", "off") == "on";
  *state = {0, on, 0};
  return success;
}

NvmlReturn nvmlDeviceGetHandleByUUID(const char* uuid, NvmlDevice* device) {
  return find(device, true, met(), [uuid](const Card& card) { return card.uuidText() == uuid; });
}

NvmlReturn nvmlDeviceGetHandleByPciBusId_v2(const char* busId, NvmlDevice* device) {
  return find(device, false, met(), [busId](const Card& card) { return card.busId() == busId; });
}

NvmlReturn nvmlDeviceGetDeviceHandleFromMigDeviceHandle(NvmlDevice mig, NvmlDevice* device) {
  const Card* slice = cardOf(mig, true);
  if (!slice) return invalidArgument;
  return find(device, false, met(), [slice](const Card& card) { return &card == slice; });
}

NvmlReturn nvmlDeviceGetPciInfo_v3(NvmlDevice device, NvmlPciInfo* info) {
  return answer(device, info, [](const Card& card) {
    NvmlPciInfo made{};
    made.bus = card.busNumber();
    made.pciDeviceId = card.pciId << 16 | 0x10de;
    std::strcpy(made.busId, card.busId().c_str());
    std::strcpy(made.busIdLegacy, card.busId().c_str() + 4);
    return made;
  });
}

NvmlReturn nvmlDeviceGetMaxClockInfo(NvmlDevice device, int type, unsigned* megahertz) {
  return answer(device, megahertz, [type](const Card& card) {
    return (type == nameplate::cuda::nvmlMemoryClock ? card.memoryClockHz : card.boostHz) / 1e6;
  });
}

NvmlReturn nvmlDeviceGetClockInfo(NvmlDevice device, int type, unsigned* megahertz) {
  return answer(device, megahertz, [type](const Card& card) {
    return (type == nameplate::cuda::nvmlMemoryClock ? card.memoryClockHz : card.heldHz * condition().clock) /
           1e6;
  });
}

// Until GA100 what is drawn now; since then the mean of the last second, for part of which the card was idle.
NvmlReturn nvmlDeviceGetPowerUsage(NvmlDevice device, unsigned* milliwatts) {
  return answer(device, milliwatts,
                [](const Card& card) { return watts(card) * (card.capability > 80 ? 0.5 : 1) * 1e3; });
}

NvmlReturn nvmlDeviceGetEnforcedPowerLimit(NvmlDevice device, unsigned* milliwatts) {
  return answer(device, milliwatts, [](const Card& card) { return card.watts * condition().limit * 1e3; });
}

NvmlReturn nvmlDeviceGetPowerManagementDefaultLimit(NvmlDevice device, unsigned* milliwatts) {
  return answer(device, milliwatts, [](const Card& card) { return card.watts * 1e3; });
}

NvmlReturn nvmlDeviceGetTemperature(NvmlDevice device, int sensor, unsigned* celsius) {
  return answer(device, celsius, [sensor](const Card&) {
    if (sensor != nameplate::cuda::nvmlGpuSensor) throw NvmlReturn{invalidArgument};
    return condition().celsius;
  });
}

NvmlReturn nvmlDeviceGetTotalEnergyConsumption(NvmlDevice device, unsigned long long* millijoules) {
  return answer(device, millijoules, [](const Card& card) {
    return watts(card) * Seconds(std::chrono::steady_clock::now() - started).count() * 1e3;
  });
}

NvmlReturn nvmlDeviceGetCurrentClocksEventReasons(NvmlDevice device, unsigned long long* bits) {
  return answer(device, bits, reasons);
}

NvmlReturn nvmlDeviceGetCurrentClocksThrottleReasons(NvmlDevice device, unsigned long long* bits) {
  return answer(device, bits, reasons);
}

NvmlReturn nvmlDeviceGetCurrPcieLinkGeneration(NvmlDevice device, unsigned* value) {
  return answer(device, value, [](const Card& card) { return card.linkGeneration; });
}

NvmlReturn nvmlDeviceGetCurrPcieLinkWidth(NvmlDevice device, unsigned* value) {
  return answer(device, value, [](const Card&) { return condition().linkWidth; });
}

NvmlReturn nvmlDeviceGetMaxPcieLinkGeneration(NvmlDevice device, unsigned* value) {
  return answer(device, value, [](const Card& card) { return card.linkGeneration; });
}

NvmlReturn nvmlDeviceGetMaxPcieLinkWidth(NvmlDevice device, unsigned* value) {
  return answer(device, value, [](const Card&) { return 16u; });
}
}
#pragma GCC visibility pop
