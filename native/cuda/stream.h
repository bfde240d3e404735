// Kernels that exhaust the device's memory: our own, and the driver's memset and copy beside them.
#pragma once

#include "backend.h"
#include "cuda/kernels.h"

namespace nameplate::cuda {

Kernel builtinStream(OwnKernels&, Stream, std::size_t bytesPerArray);
Kernel driverStream(const SharedContext&, Stream, std::size_t bytesPerArray);

}  // namespace nameplate::cuda
