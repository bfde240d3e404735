#include "cuda/cusparselt.h"

#include "cuda/cusparselt_plan.h"
#include "cuda/gemm.h"
#include "cuda/tuning.h"

namespace nameplate::cuda {
namespace {

// Leaves the fastest algorithm chosen, and says how the choice was made.
std::string choose(SpPlan& plan, const Operands& operands) {
  plan.adopt(operands);
  SpStatus refusal = spSuccess;
  const auto launch = [&](std::size_t i) {
    plan.choose(i);
    const SpStatus status = plan.launch(operands);
    if (status != spSuccess) refusal = status;
    return status == spSuccess;
  };
  const auto tuning = tune(plan.context(), plan.algorithms(), launch, false);
  if (!tuning) {
    plan.require(refusal, "cusparseLtMatmul");
    throw Unsupported("cuSPARSELt " + cusparseLt()->version + " has no algorithm that could be timed");
  }
  plan.choose(tuning->fastest);
  return plan.describe() + ", " + tuning->text();
}

// The documented figure of a sparse format.
std::string resourceOf(DType dtype) {
  return "tensor." + std::string(dtype == DType::fp8e4m3 ? "fp8" : row(dtype).name) + ".sparse";
}

}  // namespace

Kernel CusparseLtGemm::gemm(const GemmShape& shape, const Operands* tuneOn) {
  if (const auto absence = cusparseLtAbsence()) throw Unsupported(absence->reason + "; " + absence->remedy);
  requireStepsOfK(shape);
  const std::string version = "cuSPARSELt " + cusparseLt()->version;
  Kernel kernel;
  kernel.resource = resourceOf(shape.dtype);
  kernel.tuned = false;
  kernel.capturable = false;  // that its launches may be recorded is said nowhere
  kernel.note = "no document or report gives its rate on a healthy card";
  if (shape.m == 0 || shape.n == 0) {
    kernel.name = version + ", nothing to do";
    kernel.launch = [](const Operands&) {};
    return kernel;
  }
  if (shape.k == 0) throw Unsupported(version + " takes no K of 0");

  context_->bind();
  if (!session_) session_ = std::make_shared<SpSession>(context_);
  const auto plan = std::make_shared<SpPlan>(session_, shape);
  kernel.name =
      version + " " + (tuneOn ? choose(*plan, *tuneOn) : plan->describe() + ", the heuristic's first pick");
  plan->keepChosen();
  kernel.adopt = [plan](const Operands& operands) { plan->adopt(operands); };
  kernel.launch = [plan](const Operands& operands) {
    plan->context()->bind();
    cusparseLt()->check(plan->launch(operands), "cusparseLtMatmul");
  };
  return kernel;
}

}  // namespace nameplate::cuda
