// What a launch costs: from the call until the host knows that the device has finished.
#pragma once

#include "backend.h"
#include "cuda/kernels.h"

namespace nameplate::cuda {

Kernel driverLaunch(OwnKernels&, Submission, std::size_t kernels);

}  // namespace nameplate::cuda
