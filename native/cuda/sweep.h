// Walking a working set again and again: what the caches of a GPU deliver.
#pragma once

#include "backend.h"
#include "cuda/kernels.h"

namespace nameplate::cuda {

// Scope::core: each multiprocessor reads a set of its own, and L1 may keep it. Scope::device: all of them
// walk through one set, and L1 is passed by, so that L2 answers as long as the set fits.
Kernel cacheSweep(OwnKernels&, const Sweep&);

}  // namespace nameplate::cuda
