// What every entry point of the simulated NVML begins with: the planned fault, and the card behind a handle.
#pragma once

#include <cstdint>

#include "card.h"
#include "cuda/nvml.h"
#include "exports.h"
#include "setting.h"

namespace nameplate::simulated {

using cuda::NvmlDevice;
using cuda::NvmlPciInfo;
using cuda::NvmlReturn;
enum : NvmlReturn {
  success = 0,
  uninitialised = 1,
  invalidArgument = 2,
  notSupported = 3,
  noPermission = 4,
  notFound = 6,
  tooSmall = 7,
  driverNotLoaded = 9,
  timedOut = 10,
  gpuIsLost = 15,
  unknownError = 999
};

inline bool ready = false;  // by nvmlInit

// What every entry point but nvmlErrorString begins with: the fault that is planned for the one that calls.
inline NvmlReturn met(const char* call = __builtin_FUNCTION()) {
  switch (nameplateSimulatedMeet(call)) {
    case Fate::works:
      return ready ? success : uninitialised;
    case Fate::gone:
      return gpuIsLost;
    default:
      return unknownError;
  }
}

// A handle is the card. A slice's handle is not that of the whole device, which alone has clocks and power.
inline NvmlDevice handle(const Card& card, bool slice) {
  return reinterpret_cast<NvmlDevice>(reinterpret_cast<std::uintptr_t>(&card) | (slice ? 1 : 0));
}

inline const Card* cardOf(NvmlDevice device, bool slice = false) {
  for (const Card& card : cards())
    if (handle(card, slice) == device) return &card;
  return nullptr;
}

// What it draws.
inline double watts(const Card& card) {
  return card.watts * condition().limit * condition().watts;
}

// `ask` gives the value, or refuses by throwing an NvmlReturn.
template <typename Value, typename Ask>
NvmlReturn answer(NvmlDevice device, Value* value, Ask ask, const char* call = __builtin_FUNCTION()) {
  if (const NvmlReturn fault = met(call); fault != success) return fault;
  const Card* card = cardOf(device);
  if (!card) return cardOf(device, true) ? notSupported : invalidArgument;
  try {
    *value = static_cast<Value>(ask(*card));
    return success;
  } catch (const NvmlReturn refusal) {
    return refusal;
  }
}

}  // namespace nameplate::simulated
