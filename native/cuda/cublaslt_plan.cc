#include "cuda/cublaslt_plan.h"

#include <algorithm>
#include <array>

#include "cuda/buffer.h"
#include "cuda/gemm.h"

namespace nameplate::cuda {
namespace {

constexpr std::size_t workspaceBytes = std::size_t{32} << 20;  // what the library wants on Hopper and later
constexpr int candidatesAsked = 32;
constexpr std::size_t operandAlignment = 256;  // what the heuristic assumes unless it is told otherwise

struct Row {
  DType dtype;
  Accumulator accumulator;
  LtCompute compute;
  DataType scale;
  std::uint64_t one;           // the bits of 1 in the scale's type: alpha
  std::int8_t fastAccumulate;  // of FP8 alone
};

constexpr std::uint64_t one64 = 0x3ff0000000000000, one32 = 0x3f800000, one16 = 0x3c00;
constexpr auto full = Accumulator::full, half = Accumulator::half, fast = Accumulator::fast;

// COMPUTE_32F over fp32 data is true fp32; the tensor cores' tf32 has to be asked for.
constexpr std::array<Row, 11> rows{{
    {DType::fp64, full, COMPUTE_64F, R_64F, one64, 0},
    {DType::fp32, full, COMPUTE_32F, R_32F, one32, 0},
    {DType::tf32, full, COMPUTE_32F_FAST_TF32, R_32F, one32, 0},
    {DType::fp16, full, COMPUTE_32F, R_32F, one32, 0},
    {DType::fp16, half, COMPUTE_16F, R_16F, one16, 0},
    {DType::bf16, full, COMPUTE_32F, R_32F, one32, 0},
    {DType::fp8e4m3, full, COMPUTE_32F, R_32F, one32, 0},
    {DType::fp8e4m3, fast, COMPUTE_32F, R_32F, one32, 1},
    {DType::fp8e5m2, full, COMPUTE_32F, R_32F, one32, 0},
    {DType::fp8e5m2, fast, COMPUTE_32F, R_32F, one32, 1},
    {DType::int8, full, COMPUTE_32I, R_32I, 1, 0},
}};

}  // namespace

LtSession::LtSession(SharedContext onContext)
    : context(std::move(onContext)), workspace(allocateDevice(context, workspaceBytes)) {
  const CublasLt& library = *cublasLt();
  if (const LtStatus status = library.create(&handle); status != ltSuccess)
    throw Unsupported("cuBLASLt " + library.version + " at " + library.path +
                      " does not start on this device: " + library.statusName(status) + "; " +
                      (library.number >= 130000 && context->capability() < 75
                           ? "cuBLAS 13 ends with compute capability 7.5: install nvidia-cublas-cu12"
                           : "try a library of the driver's CUDA version"));
}

LtSession::~LtSession() {
  context->bindQuietly();
  cublasLt()->destroy(handle);
}

LtPlan::LtPlan(std::shared_ptr<LtSession> session, const GemmShape& shape)
    : session_(std::move(session)), shape_(shape) {
  const auto format = std::ranges::find_if(rows, [&shape](const Row& candidate) {
    return candidate.dtype == shape.dtype && candidate.accumulator == shape.accumulator;
  });
  if (format == rows.end() || shape.sparse) throw Unsupported("cuBLASLt has no GEMM in " + gemmText(shape));
  alpha_ = format->one;
  require(cublasLt()->descCreate(&descriptor_.value, format->compute, format->scale),
          "cublasLtMatmulDescCreate");
  set(ltDescTransA, std::int32_t{ltTransposed});
  if (format->fastAccumulate) set(ltDescFastAccumulate, format->fastAccumulate);
  const DType out = row(shape.dtype).output;
  describeMatrix(b_, shape.dtype, shape.k, shape.n, shape.ldb);
  describeMatrix(a_, shape.dtype, shape.k, shape.m, shape.lda);
  describeMatrix(c_, out, shape.n, shape.m, shape.ldc);
}

void LtPlan::require(LtStatus status, const char* call) const {
  if (status == ltNotSupported || status == ltInvalidValue || status == ltArchitectureMismatch)
    throw Unsupported("cuBLASLt " + cublasLt()->version + " offers no algorithm for " + shapeText(shape_) +
                      ": " + call + " says " + cublasLt()->statusName(status));
  cublasLt()->check(status, call);
}

template <typename Value>
void LtPlan::set(int attribute, Value value) {
  require(cublasLt()->descSet(descriptor_.value, attribute, &value, sizeof value),
          "cublasLtMatmulDescSetAttribute");
}

void LtPlan::describeMatrix(Layout& made, DType dtype, std::size_t rowCount, std::size_t columnCount,
                            std::size_t leading) {
  require(cublasLt()->layoutCreate(&made.value, dataType(dtype), rowCount, columnCount,
                                   static_cast<std::int64_t>(leading)),
          "cublasLtMatrixLayoutCreate");
}

std::vector<LtAlgorithm> LtPlan::suggestions() const {
  const CublasLt& library = *cublasLt();
  LtOwned<LtPreference, &CublasLt::preferenceDestroy> preference;
  require(library.preferenceCreate(&preference.value), "cublasLtMatmulPreferenceCreate");
  const std::uint64_t budget = workspaceBytes;
  require(library.preferenceSet(preference.value, ltPreferenceWorkspace, &budget, sizeof budget),
          "cublasLtMatmulPreferenceSetAttribute");
  std::array<LtHeuristicResult, candidatesAsked> results{};
  int count = 0;
  require(library.heuristic(session_->handle, descriptor_.value, b_.value, a_.value, c_.value, c_.value,
                            preference.value, candidatesAsked, results.data(), &count),
          "cublasLtMatmulAlgoGetHeuristic");
  std::vector<LtAlgorithm> usable;
  for (const LtHeuristicResult& result : std::span(results).first(static_cast<std::size_t>(count)))
    if (result.state == ltSuccess && result.workspaceBytes <= workspaceBytes)
      usable.push_back(result.algorithm);
  if (usable.empty())
    throw Unsupported("cuBLASLt " + library.version + " offers no algorithm for " + shapeText(shape_));
  return usable;
}

LtStatus LtPlan::launch(const Operands& operands) const {
  if ((operands.out | operands.a | operands.b) % operandAlignment != 0)
    throw Error("EINVAL", "cuBLASLt was asked for an algorithm for matrices that start on a boundary of " +
                              std::to_string(operandAlignment) + " bytes, and these do not");
  const std::uint64_t beta = 0;
  auto* c = reinterpret_cast<void*>(operands.out);
  return cublasLt()->matmul(
      session_->handle, descriptor_.value, &alpha_, reinterpret_cast<const void*>(operands.b), b_.value,
      reinterpret_cast<const void*>(operands.a), a_.value, &beta, c, c_.value, c, c_.value, &algorithm_,
      reinterpret_cast<void*>(session_->workspace->address()), workspaceBytes, context()->stream());
}

std::string LtPlan::describe() const {
  struct Attribute {
    const char* name;
    int id;
    std::size_t bytes;
  };
  constexpr Attribute attributes[] = {{"algo", ltConfigId, 4},
                                      {"tile", ltConfigTile, 4},
                                      {"stages", ltConfigStages, 4},
                                      {"split-K", ltConfigSplitK, 4},
                                      {"cluster", ltConfigCluster, 2}};
  std::string text;
  for (const auto& [name, id, bytes] : attributes) {
    std::uint32_t value = 0;
    std::size_t written = 0;
    if (cublasLt()->configGet(&algorithm_, id, &value, bytes, &written) != ltSuccess) continue;
    text += (text.empty() ? "" : " ") + std::string(name) + " " + std::to_string(value);
  }
  return text;
}

}  // namespace nameplate::cuda
