// Copies between host and device, which exhaust the link: by the driver's copy engines, and by a kernel.
#pragma once

#include "backend.h"
#include "cuda/context.h"
#include "cuda/kernels.h"

namespace nameplate::cuda {

// Host memory is `a` on the way to the device and `out` on the way from it. Both ways at once: `out` is the
// device's and `a` the host's; the first `bytes` of each go to the device, and the next ones come back.
Kernel driverLink(const SharedContext&, Direction, HostMemory, std::size_t bytes);
Kernel builtinLink(OwnKernels&, Direction, HostMemory, std::size_t bytes);

}  // namespace nameplate::cuda
