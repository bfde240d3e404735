// DPX instructions on a GPU: one instruction each where the hardware has them, several where it has not.
#pragma once

#include "backend.h"
#include "cuda/kernels.h"

namespace nameplate::cuda {

Kernel dpxLoop(OwnKernels&, const DpxLoop&);

}  // namespace nameplate::cuda
