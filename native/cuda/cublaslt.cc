#include "cuda/cublaslt.h"

#include <vector>

#include "cuda/cublaslt_plan.h"
#include "cuda/gemm.h"
#include "cuda/tuning.h"

namespace nameplate::cuda {
namespace {

// Leaves the fastest of `candidates` chosen, and says how the choice was made.
std::string choose(LtPlan& plan, const std::vector<LtAlgorithm>& candidates, const Operands& operands) {
  LtStatus worst = ltSuccess;
  const auto tuning = tune(plan.context(), candidates.size(), [&](std::size_t i) {
    plan.choose(candidates[i]);
    const LtStatus status = plan.launch(operands);
    // A failure outweighs a refusal.
    if (status != ltSuccess && (worst == ltSuccess || worst == ltNotSupported)) worst = status;
    return status == ltSuccess;
  });
  if (!tuning) {
    plan.require(worst, "cublasLtMatmul");
    throw Unsupported("cuBLASLt " + cublasLt()->version + " suggested no algorithm that could be timed");
  }
  plan.choose(candidates[tuning->fastest]);
  return plan.describe() + ", " + tuning->text();
}

}  // namespace

Kernel CublasLtGemm::gemm(const GemmShape& shape, const Operands* tuneOn) {
  if (const auto absence = cublasLtAbsence()) throw Unsupported(absence->reason + "; " + absence->remedy);
  const std::string version = "cuBLASLt " + cublasLt()->version;
  Kernel kernel;
  kernel.resource = gemmResource(shape.dtype, shape.accumulator, context_->capability());
  if (shape.m == 0 || shape.n == 0) {
    kernel.name = version + ", nothing to do";
    kernel.launch = [](const Operands&) {};
    return kernel;
  }
  if (shape.k == 0) throw Unsupported(version + " takes no K of 0");

  context_->bind();
  if (!session_) session_ = std::make_shared<LtSession>(context_);
  const auto plan = std::make_shared<LtPlan>(session_, shape);
  const std::vector<LtAlgorithm> candidates = plan->suggestions();
  plan->choose(candidates.front());
  kernel.name =
      version + " " +
      (tuneOn ? choose(*plan, candidates, *tuneOn) : plan->describe() + ", the heuristic's first pick");
  kernel.launch = [plan](const Operands& operands) {
    plan->context()->bind();
    cublasLt()->check(plan->launch(operands), "cublasLtMatmul");
  };
  return kernel;
}

}  // namespace nameplate::cuda
