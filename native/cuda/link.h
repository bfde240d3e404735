// Copies between host and device, which exhaust the link.
#pragma once

#include "backend.h"
#include "cuda/context.h"

namespace nameplate::cuda {

// Host memory is `a` on the way to the device and `out` on the way from it.
Kernel driverLink(const SharedContext&, Direction, HostMemory, std::size_t bytes);

}  // namespace nameplate::cuda
