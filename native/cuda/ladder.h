// The kernels of ladder.cu, none of which is a candidate unless it is asked for by name.
#pragma once

#include "cuda/gemm_configurations.h"

namespace nameplate::cuda {

std::vector<GemmConfiguration> ladderConfigurations();

}  // namespace nameplate::cuda
