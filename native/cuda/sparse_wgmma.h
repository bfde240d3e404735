// Our GEMM kernels of wgmma.sp, compute capability 9.0, for A with 2:4 structured sparsity.
#pragma once

#include <vector>

#include "cuda/gemm_configurations.h"

namespace nameplate::cuda {

std::vector<GemmConfiguration> sparseWgmmaConfigurations();

}  // namespace nameplate::cuda
