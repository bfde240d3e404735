// GEMM by cuBLASLt on one device.
//
// The library offers several algorithms for a shape; see tuning.h.
#pragma once

#include <memory>

#include "backend.h"
#include "cuda/context.h"

namespace nameplate::cuda {

class LtSession;

class CublasLtGemm {
 public:
  explicit CublasLtGemm(SharedContext context) : context_(std::move(context)) {}

  // Throws Unsupported where the library is not there, does not start, or has no algorithm for the shape.
  Kernel gemm(const GemmShape&, const Operands* tuneOn);

 private:
  SharedContext context_;
  std::shared_ptr<LtSession> session_;  // the library's handle and our workspace, made on first use
};

}  // namespace nameplate::cuda
