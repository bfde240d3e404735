// Our GEMM kernels of mma.sp, for A with 2:4 structured sparsity.
#pragma once

#include <vector>

#include "cuda/gemm_configurations.h"

namespace nameplate::cuda {

std::vector<GemmConfiguration> sparseConfigurations();

}  // namespace nameplate::cuda
