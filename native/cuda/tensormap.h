// Matrices as Hopper's copy engine wants them described.
#pragma once

#include <cstdint>

#include "backend.h"
#include "kernels/wgmma.h"

namespace nameplate::cuda {

// Whether the driver can describe them: since CUDA 12.0.
bool canMapTensors();

// A row-major matrix of which the engine moves `boxRows` rows of 128 bytes at a time, swizzled. The address
// and the bytes from row to row are multiples of 16. Throws Error where the driver refuses.
TensorMap tensorMap(DType, std::uintptr_t address, std::size_t rows, std::size_t columns, std::size_t leading,
                    unsigned boxRows);

}  // namespace nameplate::cuda
