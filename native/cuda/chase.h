// Latency on a GPU: one thread follows addresses.
#pragma once

#include "backend.h"
#include "cuda/kernels.h"

namespace nameplate::cuda {

// out is a ChaseState. The nodes may lie in device memory or in pinned host memory.
Kernel pointerChase(OwnKernels&, std::size_t steps);

}  // namespace nameplate::cuda
