// The wgmma kernels of compute capability 9.0: which there are, and how they are launched.
#pragma once

#include <vector>

#include "cuda/gemm_configurations.h"
#include "kernels/wgmma.h"

namespace nameplate::cuda {

std::vector<GemmConfiguration> wgmmaConfigurations();

// Why the copy engine cannot address the matrices of a shape, in words; empty where it can: 2^31 rows and
// columns by the kernel's 32-bit coordinates, and rows on 16-byte boundaries less than 2^40 bytes apart.
std::string wgmmaRefusal(const WgmmaTile&, const GemmShape&);
// Without what blocks that share a tile need besides.
WgmmaParameters wgmmaParameters(const WgmmaTile&, const WgmmaGrid&, const GemmShape&, const Operands&);
// The bytes of a row of A as it is stored: compressed where it is sparse.
std::size_t wgmmaBytesOfK(const GemmShape&);

}  // namespace nameplate::cuda
