#include "cuda/cublaslt.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <optional>
#include <vector>

#include "cuda/cublaslt_plan.h"
#include "cuda/gemm.h"

namespace nameplate::cuda {
namespace {

// Seconds of one launch of the plan's algorithm: the median of five after one that is not counted, or nothing
// where the library refuses it after all. One that starts half as slow again as the best so far is not
// repeated.
std::optional<double> timeOf(const LtPlan& plan, const Operands& operands, std::optional<double> best) {
  const Context& context = plan.context();
  const Event from = context.event(), to = context.event();
  if (plan.launch(operands) != ltSuccess) return std::nullopt;
  std::vector<double> seconds;
  while (seconds.size() < 5) {
    check(driver().cuEventRecord(from.get(), context.stream()), "cuEventRecord");
    if (plan.launch(operands) != ltSuccess) return std::nullopt;
    check(driver().cuEventRecord(to.get(), context.stream()), "cuEventRecord");
    seconds.push_back(context.seconds(from, to));
    if (best && seconds.front() > 1.5 * *best) break;
  }
  std::ranges::sort(seconds);
  return seconds[seconds.size() / 2];
}

// Leaves the fastest of `candidates` chosen, and says how the choice was made.
std::string tune(LtPlan& plan, const std::vector<LtAlgorithm>& candidates, const Operands& operands) {
  // Thirty candidates of a slow format can take minutes; a choice is worth a few seconds.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  std::optional<double> first, best;
  LtAlgorithm fastest = candidates.front();
  std::size_t timed = 0;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (best && std::chrono::steady_clock::now() > deadline) break;
    plan.choose(candidates[i]);
    const auto seconds = timeOf(plan, operands, best);
    if (!seconds) continue;
    ++timed;
    if (i == 0) first = seconds;
    if (best && *seconds >= *best) continue;
    best = seconds;
    fastest = candidates[i];
  }
  if (!best)
    throw Unsupported("cuBLASLt " + cublasLt()->version + " refused to run every algorithm it suggested");
  plan.choose(fastest);
  std::string text = plan.describe() + ", best of " + std::to_string(timed) + " timed";
  if (!first) return text + "; the heuristic's first pick did not run";
  char ratio[32];
  std::snprintf(ratio, sizeof ratio, "%.2f", *first / *best);
  return text + "; the heuristic's first pick took " + ratio + "x its time";
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
      (tuneOn ? tune(*plan, candidates, *tuneOn) : plan->describe() + ", the heuristic's first pick");
  kernel.launch = [plan](const Operands& operands) {
    plan->context().bind();
    cublasLt()->check(plan->launch(operands), "cublasLtMatmul");
  };
  return kernel;
}

}  // namespace nameplate::cuda
