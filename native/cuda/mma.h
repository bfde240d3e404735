// Our GEMM kernels of mma.sync: for which devices each is, and what a reader should know of it there.
#pragma once

#include <vector>

#include "cuda/gemm_configurations.h"

namespace nameplate::cuda {

// Of each format the largest tile first.
std::vector<GemmConfiguration> mmaConfigurations();

}  // namespace nameplate::cuda
