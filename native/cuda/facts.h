// What a device says of itself, without a context on it: listing devices must not take memory of them.
#pragma once

#include <string>

#include "backend.h"
#include "cuda/driver.h"

namespace nameplate::cuda {

Facts deviceFacts(int ordinal);

int deviceCount();

// The device of an id or uuid. Throws ENODEV with what is here; where one that does not answer may be the one
// that is meant, what it says instead.
struct NamedDevice {
  int ordinal;
  Facts facts;
};
NamedDevice namedDevice(const std::string& name);

// The device of an ordinal. Throws Error.
CUdevice deviceAt(int ordinal);

}  // namespace nameplate::cuda
