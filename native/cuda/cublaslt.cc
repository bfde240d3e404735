#include "cuda/cublaslt.h"

#include <cstdlib>
#include <string_view>
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

// Environment variables by which cuBLAS computes a format otherwise than it is asked to, unannounced: with
// them the figure would be another unit's. CUDA's guide has the first with 0 alone; that 1 does the converse
// is what its users report. cuBLAS 13's has the others.
void refuseOverrides(DType dtype) {
  struct Override {
    DType dtype;
    const char* variable;
    bool byZero;  // else by anything but 0
  };
  constexpr Override overrides[] = {{DType::tf32, "NVIDIA_TF32_OVERRIDE", true},
                                    {DType::fp32, "NVIDIA_TF32_OVERRIDE", false},
                                    {DType::fp32, "CUBLAS_EMULATE_SINGLE_PRECISION", false},
                                    {DType::fp64, "CUBLAS_EMULATE_DOUBLE_PRECISION", false}};
  for (const Override& row : overrides) {
    const char* const value = row.dtype == dtype ? std::getenv(row.variable) : nullptr;
    if (value && *value && (value == std::string_view("0")) == row.byZero)
      throw Unsupported(std::string(row.variable) + "=" + value +
                        " makes cuBLASLt compute this format otherwise: unset it");
  }
}

// The first cuBLAS with kernels for devices of this compute capability: CUDA 11.8 brought them for Ada and
// Hopper, as cuBLAS 11.11, and 12.8 for Blackwell. An older one runs what it has for older devices.
std::size_t firstFor(int capability) {
  return capability >= 100 ? 120800 : capability >= 89 ? 111100 : 0;
}

}  // namespace

Kernel CublasLtGemm::gemm(const GemmShape& shape, const Operands* tuneOn) {
  if (const auto absence = cublasLtAbsence()) throw Unsupported(absence->reason + "; " + absence->remedy);
  refuseOverrides(shape.dtype);
  const std::string version = "cuBLASLt " + cublasLt()->version;
  const int capability = context_->capability();
  Kernel kernel;
  kernel.resource = gemmResource(shape, capability);
  kernel.emulated = !hasGemm(shape, capability);
  // It is slower there (pytorch/ao#2377), and no rate of a healthy card is published.
  if (shape.dtype == DType::fp8e4m3 && shape.accumulator == Accumulator::full && capability == 90) {
    kernel.tuned = false;
    kernel.note = "without fast accumulation, of which no document or report gives a rate on Hopper";
  }
  if (cublasLt()->number < firstFor(capability)) {
    kernel.tuned = false;
    kernel.note = "this cuBLASLt is older than the device, and runs what it has for older ones";
  }
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
