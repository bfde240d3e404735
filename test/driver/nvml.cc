// libnvidia-ml.so.1 for tests: the facts and the telemetry of the simulated cards, in the condition that was
// asked for.
#include <chrono>
#include <cstring>
#include <string>

#include "card.h"
#include "cuda/nvml.h"
#include "setting.h"

namespace nameplate::simulated {
namespace {

using cuda::NvmlDevice;
using cuda::NvmlPciInfo;
using cuda::NvmlReturn;
enum : NvmlReturn {
  success = 0,
  uninitialised = 1,
  invalidArgument = 2,
  notSupported = 3,
  notFound = 6,
  tooSmall = 7
};

bool ready = false;

// A handle is the card. A slice's handle is not that of the whole device, which alone has clocks and power.
NvmlDevice handle(const Card& card, bool slice) {
  return reinterpret_cast<NvmlDevice>(reinterpret_cast<std::uintptr_t>(&card) | (slice ? 1 : 0));
}

const Card* cardOf(NvmlDevice device, bool slice = false) {
  for (const Card& card : cards())
    if (handle(card, slice) == device) return &card;
  return nullptr;
}

NvmlReturn say(const std::string& what, char* text, unsigned length) {
  if (length <= what.size()) return tooSmall;
  std::memcpy(text, what.c_str(), what.size() + 1);
  return success;
}

template <typename Value, typename Ask>
NvmlReturn answer(NvmlDevice device, Value* value, Ask ask) {
  if (!ready) return uninitialised;
  const Card* card = cardOf(device);
  if (!card) return cardOf(device, true) ? notSupported : invalidArgument;
  *value = static_cast<Value>(ask(*card));
  return success;
}

double watts(const Card& card) {
  return card.watts * condition().watts;
}

const auto started = std::chrono::steady_clock::now();

}  // namespace
}  // namespace nameplate::simulated

using namespace nameplate::simulated;

#pragma GCC visibility push(default)
extern "C" {

NvmlReturn nvmlInit_v2() {
  ready = true;
  return success;
}

const char* nvmlErrorString(NvmlReturn result) {
  return result == notSupported ? "Not Supported" : result == notFound ? "Not Found" : "Invalid Argument";
}

NvmlReturn nvmlSystemGetDriverVersion(char* text, unsigned length) {
  return say("580.65.06", text, length);
}

NvmlReturn nvmlSystemGetNVMLVersion(char* text, unsigned length) {
  return say("13.580.65.06", text, length);
}

NvmlReturn nvmlDeviceGetHandleByUUID(const char* uuid, NvmlDevice* device) {
  for (const Card& card : cards()) {
    if (card.uuidText() != uuid) continue;
    *device = handle(card, card.mig());
    return success;
  }
  return notFound;
}

NvmlReturn nvmlDeviceGetHandleByPciBusId_v2(const char* busId, NvmlDevice* device) {
  for (const Card& card : cards()) {
    if (card.busId() != busId) continue;
    *device = handle(card, false);
    return success;
  }
  return notFound;
}

NvmlReturn nvmlDeviceGetDeviceHandleFromMigDeviceHandle(NvmlDevice mig, NvmlDevice* device) {
  const Card* card = cardOf(mig, true);
  if (!card) return invalidArgument;
  *device = handle(*card, false);
  return success;
}

NvmlReturn nvmlDeviceGetPciInfo_v3(NvmlDevice device, NvmlPciInfo* info) {
  const Card* card = cardOf(device);
  if (!card) return invalidArgument;
  *info = {};
  info->bus = card->busNumber();
  info->pciDeviceId = card->pciId << 16 | 0x10de;
  std::strcpy(info->busId, card->busId().c_str());
  std::strcpy(info->busIdLegacy, card->busId().c_str() + 4);
  return success;
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

NvmlReturn nvmlDeviceGetPowerUsage(NvmlDevice device, unsigned* milliwatts) {
  return answer(device, milliwatts, [](const Card& card) { return watts(card) * 1e3; });
}

NvmlReturn nvmlDeviceGetEnforcedPowerLimit(NvmlDevice device, unsigned* milliwatts) {
  return answer(device, milliwatts, [](const Card& card) { return card.watts * 1e3; });
}

NvmlReturn nvmlDeviceGetPowerManagementDefaultLimit(NvmlDevice device, unsigned* milliwatts) {
  return nvmlDeviceGetEnforcedPowerLimit(device, milliwatts);
}

NvmlReturn nvmlDeviceGetTemperature(NvmlDevice device, int sensor, unsigned* celsius) {
  if (sensor != nameplate::cuda::nvmlGpuSensor) return invalidArgument;
  return answer(device, celsius, [](const Card&) { return condition().celsius; });
}

NvmlReturn nvmlDeviceGetTotalEnergyConsumption(NvmlDevice device, unsigned long long* millijoules) {
  return answer(device, millijoules, [](const Card& card) {
    const std::chrono::duration<double> since = std::chrono::steady_clock::now() - started;
    return watts(card) * since.count() * 1e3;
  });
}

NvmlReturn nvmlDeviceGetCurrentClocksEventReasons(NvmlDevice device, unsigned long long* bits) {
  return answer(device, bits, [](const Card&) { return condition().reasons; });
}

NvmlReturn nvmlDeviceGetCurrentClocksThrottleReasons(NvmlDevice device, unsigned long long* bits) {
  return nvmlDeviceGetCurrentClocksEventReasons(device, bits);
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
