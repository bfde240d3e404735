// What a device says of itself, without a context on it: listing devices must not take memory of them.
#pragma once

#include <string>

#include "backend.h"
#include "cuda/driver.h"

namespace nameplate::cuda {

Facts deviceFacts(int ordinal);

// The device of an ordinal. Throws Error.
CUdevice deviceAt(int ordinal);

}  // namespace nameplate::cuda
