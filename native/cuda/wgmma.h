// The wgmma kernels of compute capability 9.0: which there are, and how they are launched.
#pragma once

#include <vector>

#include "cuda/gemm_configurations.h"

namespace nameplate::cuda {

std::vector<GemmConfiguration> wgmmaConfigurations();

}  // namespace nameplate::cuda
