// Included by the compiler before wgmma.cu (-include): CUDA's own words.
#pragma once

#include "machine.h"

#define __global__
#define __device__
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __cluster_dims__(...)
#define __grid_constant__
#define NAMEPLATE_TARGET 90

#define threadIdx (machine::thread())
#define blockIdx (machine::block())
#define gridDim (machine::grid())
