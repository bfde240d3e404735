// What of the simulated NVML tells how a card ages: its errors, the temperature of its memory, its links.
#include <chrono>
#include <cmath>
#include <span>
#include <string>

#include "nvml_answer.h"
#include "setting.h"

namespace nameplate::simulated {
namespace {

constexpr int unsignedType = 1;      // NVML_VALUE_TYPE_UNSIGNED_INT
constexpr unsigned memoryAbove = 8;  // degrees that memory is warmer than the chip

// A counter of the device, not of this process: it has risen since the machine was started.
double risen(const char* perSecond) {
  using Seconds = std::chrono::duration<double>;
  return std::floor(number(perSecond, 0) *
                    Seconds(std::chrono::steady_clock::now().time_since_epoch()).count());
}

void requireLink(const Card& card, unsigned link) {
  if (card.nvlinks == 0) throw NvmlReturn{notSupported};
  if (link >= card.nvlinks) throw NvmlReturn{invalidArgument};
}

enum class Repair { none, done, pending, failed };

// Rows since Ampere, pages before; neither without ECC, nor of a GPU that is cut into slices.
Repair repair(const Card& card, bool rows) {
  if (!card.ecc || card.mig() || rows != (card.capability >= 80)) throw NvmlReturn{notSupported};
  const std::string name = setting("NAMEPLATE_SIMULATE_REPAIR", "none");
  if (name == "none") return Repair::none;
  if (name == "done") return Repair::done;
  if (name == "pending") return Repair::pending;
  if (name == "failed") return Repair::failed;
  refuse("NAMEPLATE_SIMULATE_REPAIR=" + name);
}

unsigned repaired(Repair state, int error) {
  if (state == Repair::none) return 0;
  return error == cuda::nvmlUncorrected ? 2 : 1;
}

NvmlReturn read(const Card& card, cuda::NvmlFieldValue& field) {
  switch (field.fieldId) {
    case cuda::nvmlMemoryTemperature:
      if (!card.memorySensor) return notSupported;
      field.value.whole = condition().celsius + memoryAbove;
      return success;
    case cuda::nvmlInstantPower:
      field.value.whole = static_cast<unsigned>(watts(card) * 1e3);
      return success;
    case cuda::nvmlRecoveryAction:
      field.value.whole = static_cast<unsigned>(number("NAMEPLATE_SIMULATE_RECOVERY", 0));
      return success;
    default:
      return notSupported;
  }
}

}  // namespace
}  // namespace nameplate::simulated

using namespace nameplate;
using namespace nameplate::simulated;
using cuda::NvmlFieldValue;

#pragma GCC visibility push(default)
extern "C" {

NvmlReturn nvmlDeviceGetPcieReplayCounter(NvmlDevice device, unsigned* value) {
  return answer(device, value, [](const Card&) { return risen("NAMEPLATE_SIMULATE_REPLAYS"); });
}

// The volatile counter starts again with the driver, the aggregate one never; here neither has yet.
NvmlReturn nvmlDeviceGetTotalEccErrors(NvmlDevice device, int error, int counter, unsigned long long* count) {
  return answer(device, count, [error, counter](const Card& card) {
    if (!card.ecc || (card.mig() && counter == cuda::nvmlVolatile)) throw NvmlReturn{notSupported};
    if (error == cuda::nvmlCorrected) return risen("NAMEPLATE_SIMULATE_CORRECTED");
    if (error != cuda::nvmlUncorrected) throw NvmlReturn{invalidArgument};
    const std::string only = setting("NAMEPLATE_SIMULATE_UNCORRECTED_ON", "");
    const bool here = only.empty() || only == std::to_string(card.slot);
    const double lost = card.slot == 0 ? static_cast<double>(nameplateSimulatedUncorrectable()) : 0;
    return lost + (here ? risen("NAMEPLATE_SIMULATE_UNCORRECTED") : 0);
  });
}

NvmlReturn nvmlDeviceGetRemappedRows(NvmlDevice device, unsigned* corrected, unsigned* uncorrected,
                                     unsigned* pending, unsigned* failed) {
  return answer(device, corrected, [=](const Card& card) {
    const Repair state = repair(card, true);
    *uncorrected = repaired(state, cuda::nvmlUncorrected);
    *pending = state == Repair::pending;
    *failed = state == Repair::failed;
    return repaired(state, cuda::nvmlCorrected);
  });
}

// The addresses are never asked for: without room for them the count is told, and that there was no room.
NvmlReturn nvmlDeviceGetRetiredPages(NvmlDevice device, int cause, unsigned* count, unsigned long long*) {
  const int error = cause == cuda::nvmlDoubleBit ? cuda::nvmlUncorrected : cuda::nvmlCorrected;
  const unsigned room = *count;
  const NvmlReturn result =
      answer(device, count, [error](const Card& card) { return repaired(repair(card, false), error); });
  return result == success && *count > room ? tooSmall : result;
}

NvmlReturn nvmlDeviceGetRetiredPagesPendingStatus(NvmlDevice device, int* pending) {
  return answer(device, pending, [](const Card& card) { return repair(card, false) == Repair::pending; });
}

// Says for each field by itself whether the device has it.
NvmlReturn nvmlDeviceGetFieldValues(NvmlDevice device, int count, NvmlFieldValue* values) {
  NvmlFieldValue* written = nullptr;
  return answer(device, &written, [count, values](const Card& card) {
    if (count < 1) throw NvmlReturn{invalidArgument};
    for (NvmlFieldValue& each : std::span(values, static_cast<std::size_t>(count))) {
      each.timestamp = std::chrono::system_clock::now().time_since_epoch() / std::chrono::microseconds(1);
      each.latency = 0;
      each.valueType = unsignedType;
      each.result = read(card, each);
    }
    return values;
  });
}

NvmlReturn nvmlDeviceGetNvLinkState(NvmlDevice device, unsigned link, unsigned* active) {
  return answer(device, active, [link](const Card& card) {
    requireLink(card, link);
    return link + number("NAMEPLATE_SIMULATE_NVLINKS_DOWN", 0) < card.nvlinks;
  });
}

// 0: the two are connected so; anything else says why not.
NvmlReturn nvmlDeviceGetP2PStatus(NvmlDevice device, NvmlDevice other, int capability, int* status) {
  return answer(device, status, [other, capability](const Card& card) {
    if (!cardOf(other)) throw NvmlReturn{invalidArgument};
    const bool linked = card.nvlinks > 0 && setting("NAMEPLATE_SIMULATE_PEERS", "nvlink") == "nvlink";
    return capability == cuda::nvmlPeerByNvlink && linked ? 0 : 1;
  });
}

NvmlReturn nvmlDeviceGetNvLinkVersion(NvmlDevice device, unsigned link, unsigned* version) {
  return answer(device, version, [link](const Card& card) {
    requireLink(card, link);
    return card.nvlinkVersion;
  });
}
}
#pragma GCC visibility pop
