// Which of our own kernels multiplies matrices of a format on a device, and which unit of the device it
// loads.
#pragma once

#include <string>

#include "backend.h"
#include "cuda/kernels.h"

namespace nameplate::cuda {

// Throws Unsupported where the device or the build has no kernel for the shape's format and accumulator, and
// Error with ERANGE where its tiles would not fit a grid.
Kernel builtinGemm(OwnKernels&, const GemmShape&);

// The documented figure of the fastest unit that a device of `capability` has for this GEMM, or "none".
std::string gemmResource(DType, Accumulator, int capability);

// "bf16", "fp16 with an fp16 accumulator", "fp8e4m3 with fast accumulation".
std::string gemmText(DType, Accumulator);

}  // namespace nameplate::cuda
