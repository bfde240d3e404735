// Which of our own kernels multiplies matrices of a shape on a device, and which unit of the device it loads.
//
// Candidates are the configurations of the first family in gemmConfigurations() that the device has and that
// takes the shape. Which of them the heuristic picks is the family's to say (GemmLauncher).
// NAMEPLATE_KERNEL, a part of kernels' names, leaves no others to choose from: to check one, or to time it.
#pragma once

#include <map>
#include <string>

#include "backend.h"
#include "cuda/gemm_configurations.h"
#include "cuda/kernels.h"

namespace nameplate::cuda {

class BuiltinGemm {
 public:
  explicit BuiltinGemm(OwnKernels& kernels) : kernels_(kernels), workspace_(kernels.context()) {}

  // With `tuneOn` the candidates are timed, once for each shape; without, what is known of the shape is used,
  // or else the heuristic's pick. The kernel's note says which, with the times. Throws Unsupported where the
  // device or the build has no kernel for the format, and Error with ERANGE where none takes the shape.
  Kernel gemm(const GemmShape&, const Operands* tuneOn);

 private:
  struct Choice {
    const GemmConfiguration* configuration;
    std::string why;
  };
  using Candidates = std::vector<const GemmConfiguration*>;
  Choice choose(const GemmShape&, const Operands* tuneOn);
  Choice timed(const Candidates&, const GemmShape&, const Operands&);
  Candidates held(const Candidates&);

  OwnKernels& kernels_;
  Workspace workspace_;
  std::map<GemmShape, Choice> chosen_;
};

// The documented figure of the fastest unit that a device of `capability` has for this format, or "none".
std::string gemmResource(const GemmShape&, int capability);

// Whether such a device has a unit for it at all: a library may compute it in a wider format.
bool hasGemm(const GemmShape&, int capability);

// A compressed matrix ends with a block of metadata, so that K is no kernel's choice. Throws Unsupported.
void requireStepsOfK(const GemmShape&);

// "bf16", "fp16 with an fp16 accumulator", "fp8e4m3 with fast accumulation", "int8 with 2:4 sparsity".
std::string gemmText(const GemmShape&);

// The same with its sides: "bf16 of M 64, N 64, K 64 (leading dimensions 64, 64, 64)".
std::string shapeText(const GemmShape&);

}  // namespace nameplate::cuda
