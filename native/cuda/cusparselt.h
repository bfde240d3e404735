// GEMM of an A with 2:4 sparsity by cuSPARSELt on one device.
#pragma once

#include <memory>

#include "backend.h"
#include "cuda/context.h"

namespace nameplate::cuda {

class SpSession;

class CusparseLtGemm {
 public:
  explicit CusparseLtGemm(SharedContext context) : context_(std::move(context)) {}

  // Throws Unsupported where the library is not there, does not start, or does not take the shape.
  Kernel gemm(const GemmShape&, const Operands* tuneOn);

 private:
  SharedContext context_;
  std::shared_ptr<SpSession> session_;  // the library's handle, made on first use
};

}  // namespace nameplate::cuda
