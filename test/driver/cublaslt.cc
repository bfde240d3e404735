// libcublasLt.so.13 for tests: the matrices of a plan, handed to the simulated driver as the GEMM they
// describe. It suggests several algorithms of different speeds, the fastest not first, so that whoever times
// them finds a better one.
#include "cuda/cublaslt_library.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "exports.h"
#include "setting.h"

namespace nameplate::cuda {
struct LtHandleOpaque {};
struct LtDescriptorOpaque {
  LtCompute compute;
  DataType scale;
  std::int32_t transposed = 0;
  std::int8_t fastAccumulate = 0;
};
struct LtLayoutOpaque {
  DataType type;
  std::uint64_t rows, columns;
  std::int64_t leading;
};
struct LtPreferenceOpaque {
  std::uint64_t workspaceBytes = 0;
};
}  // namespace nameplate::cuda

using namespace nameplate;
using namespace nameplate::cuda;
using simulated::Unit;

namespace {

constexpr LtStatus notInitialised = 1, executionFailed = 13, internalError = 14;

// Shares of what the unit usually reaches; its index is the algorithm's id.
constexpr double speeds[] = {0.8, 1.0, 0.9, 0.85, 0.7, 0.4};
constexpr std::uint64_t firstWorkspace = 1 << 20;

struct Combination {
  DataType input;
  LtCompute compute;
  DataType scale, output;
  DType dtype;
  Unit unit;
};

// Of NVIDIA's table of supported types (cublasLtMatmul), what is asked for here. Both operands in e5m2 are
// not in it.
constexpr Combination combinations[] = {
    {R_64F, COMPUTE_64F, R_64F, R_64F, DType::fp64, Unit::tensorFp64},
    {R_64F, COMPUTE_64F, R_64F, R_64F, DType::fp64, Unit::vectorFp64},
    {R_32F, COMPUTE_32F, R_32F, R_32F, DType::fp32, Unit::vectorFp32},
    {R_32F, COMPUTE_32F_FAST_TF32, R_32F, R_32F, DType::tf32, Unit::tf32},
    {R_16F, COMPUTE_32F, R_32F, R_16F, DType::fp16, Unit::fp16},
    {R_16F, COMPUTE_16F, R_16F, R_16F, DType::fp16, Unit::fp16acc16},
    {R_16BF, COMPUTE_32F, R_32F, R_16BF, DType::bf16, Unit::bf16},
    {R_16BF, COMPUTE_32F, R_32F, R_16BF, DType::bf16, Unit::vectorFp32},  // where the unit is not there
    {R_8F_E4M3, COMPUTE_32F, R_32F, R_16BF, DType::fp8e4m3, Unit::fp8},
    {R_8I, COMPUTE_32I, R_32I, R_32I, DType::int8, Unit::int8},
};

struct Problem {
  LtDescriptor descriptor;
  LtLayout a, b, d;
};

// What it asks of the sides of both matrices and of the result: FP8 wants all of them in whole 16 bytes, and
// int8 in whole words; the others take any.
bool takesSides(const Combination& row, const LtLayout a, const LtLayout d) {
  const std::uint64_t all = a->rows | d->rows;
  if (row.unit == Unit::fp8) return (all | d->columns) % 16 == 0;
  return row.unit != Unit::int8 || all % 4 == 0;
}

// The library counts columns first: its D = A^T B is the transpose of our C = B A^T, so that its operands are
// ours in the other order. Any other form is not supported.
std::optional<simulated::Gemm> gemmOf(const Problem& problem) {
  const auto& [descriptor, a, b, d] = problem;
  const simulated::Card* card = nameplateSimulatedCard();
  if (!card || descriptor->transposed != ltTransposed || a->type != b->type) return std::nullopt;
  if (a->rows != b->rows || d->rows != a->columns || d->columns != b->columns) return std::nullopt;
  const auto known = std::ranges::find_if(combinations, [&](const Combination& row) {
    return row.input == a->type && row.compute == descriptor->compute && row.scale == descriptor->scale &&
           row.output == d->type && card->rate(row.unit) > 0;
  });
  if (known == std::end(combinations) || !takesSides(*known, a, d)) return std::nullopt;
  simulated::Gemm gemm{};
  gemm.dtype = known->dtype;
  gemm.unit = known->unit;
  gemm.at.m = b->columns;
  gemm.at.n = a->columns;
  gemm.at.k = a->rows;
  gemm.at.lda = static_cast<unsigned long long>(b->leading);
  gemm.at.ldb = static_cast<unsigned long long>(a->leading);
  gemm.at.ldc = static_cast<unsigned long long>(d->leading);
  return gemm;
}

// The fault that is planned for the entry point that calls.
LtStatus met(LtStatus usual = internalError, const char* call = __builtin_FUNCTION()) {
  switch (nameplateSimulatedMeet(call)) {
    case simulated::Fate::works:
      return ltSuccess;
    case simulated::Fate::fails:
      return usual;
    default:
      return executionFailed;
  }
}

template <typename Opaque>
LtStatus make(Opaque** made, const Opaque& value, LtStatus fault) {
  if (fault != ltSuccess) return fault;
  *made = new Opaque(value);
  nameplateSimulatedObjects(1);
  return ltSuccess;
}

// An object is gone even where its release fails.
template <typename Opaque>
LtStatus destroy(Opaque* object, LtStatus fault) {
  if (object) nameplateSimulatedObjects(-1);
  delete object;
  return fault;
}

template <typename Value>
bool put(Value& field, const void* value, std::size_t bytes) {
  if (bytes != sizeof field) return false;
  std::memcpy(&field, value, bytes);
  return true;
}

// alpha is to be 1 and beta 0, in the type of the scale.
bool plainScale(DataType scale, const void* alpha, const void* beta) {
  static constexpr double one64 = 1, zero64 = 0;
  static constexpr float one32 = 1;
  static constexpr std::uint16_t one16 = 0x3c00;
  static constexpr std::int32_t oneInteger = 1;
  const auto are = [&](const void* one, std::size_t bytes) {
    return std::memcmp(alpha, one, bytes) == 0 && std::memcmp(beta, &zero64, bytes) == 0;
  };
  switch (scale) {
    case R_64F:
      return are(&one64, 8);
    case R_32F:
      return are(&one32, 4);
    case R_16F:
      return are(&one16, 2);
    case R_32I:
      return are(&oneInteger, 4);
    default:
      return false;
  }
}

}  // namespace

#pragma GCC visibility push(default)
extern "C" {

std::size_t cublasLtGetVersion() {
  const bool volta = nameplateSimulatedCard() && nameplateSimulatedCard()->capability < 75;
  return static_cast<std::size_t>(simulated::number("NAMEPLATE_SIMULATE_CUBLASLT", volta ? 120803 : 130001));
}

const char* cublasLtGetStatusName(LtStatus status) {
  switch (status) {
    case notInitialised:
      return "CUBLAS_STATUS_NOT_INITIALIZED";
    case ltInvalidValue:
      return "CUBLAS_STATUS_INVALID_VALUE";
    case executionFailed:
      return "CUBLAS_STATUS_EXECUTION_FAILED";
    case internalError:
      return "CUBLAS_STATUS_INTERNAL_ERROR";
    case ltNotSupported:
      return "CUBLAS_STATUS_NOT_SUPPORTED";
  }
  return "CUBLAS_STATUS_SUCCESS";
}

LtStatus cublasLtCreate(LtHandle* handle) {
  const LtStatus fault = met(notInitialised);
  return make(handle, {}, nameplateSimulatedCard() ? fault : notInitialised);
}

LtStatus cublasLtDestroy(LtHandle handle) {
  return destroy(handle, met());
}

LtStatus cublasLtMatmulDescCreate(LtDescriptor* made, LtCompute compute, DataType scale) {
  return make(made, {compute, scale}, met());
}

LtStatus cublasLtMatmulDescDestroy(LtDescriptor descriptor) {
  return destroy(descriptor, met());
}

LtStatus cublasLtMatmulDescSetAttribute(LtDescriptor descriptor, int attribute, const void* value,
                                        std::size_t bytes) {
  if (const LtStatus fault = met(); fault != ltSuccess) return fault;
  const bool taken = attribute == ltDescTransA           ? put(descriptor->transposed, value, bytes)
                     : attribute == ltDescFastAccumulate ? put(descriptor->fastAccumulate, value, bytes)
                                                         : false;
  return taken ? ltSuccess : ltInvalidValue;
}

LtStatus cublasLtMatrixLayoutCreate(LtLayout* made, DataType type, std::uint64_t rows, std::uint64_t columns,
                                    std::int64_t leading) {
  if (leading < static_cast<std::int64_t>(rows)) return ltInvalidValue;
  return make(made, {type, rows, columns, leading}, met());
}

LtStatus cublasLtMatrixLayoutDestroy(LtLayout layout) {
  return destroy(layout, met());
}

LtStatus cublasLtMatmulPreferenceCreate(LtPreference* made) {
  return make(made, {}, met());
}

LtStatus cublasLtMatmulPreferenceDestroy(LtPreference preference) {
  return destroy(preference, met());
}

LtStatus cublasLtMatmulPreferenceSetAttribute(LtPreference preference, int attribute, const void* value,
                                              std::size_t bytes) {
  if (const LtStatus fault = met(); fault != ltSuccess) return fault;
  const bool taken = attribute == ltPreferenceWorkspace && put(preference->workspaceBytes, value, bytes);
  return taken ? ltSuccess : ltInvalidValue;
}

LtStatus cublasLtMatmulAlgoGetHeuristic(LtHandle, LtDescriptor descriptor, LtLayout a, LtLayout b, LtLayout,
                                        LtLayout d, LtPreference preference, int asked,
                                        LtHeuristicResult* results, int* count) {
  *count = 0;
  if (const LtStatus fault = met(); fault != ltSuccess) return fault;
  if (!gemmOf({descriptor, a, b, d})) return ltNotSupported;
  for (std::uint64_t id = 0; id < std::size(speeds) && *count < asked; ++id) {
    // The first is also the one that wants a workspace: without one it is not offered.
    const std::uint64_t workspace = id == 0 ? firstWorkspace : 0;
    if (workspace > preference->workspaceBytes) continue;
    results[(*count)++] = {{{id}}, static_cast<std::size_t>(workspace), ltSuccess, 1, {}};
  }
  return ltSuccess;
}

LtStatus cublasLtMatmulAlgoConfigGetAttribute(const LtAlgorithm* algorithm, int attribute, void* value,
                                              std::size_t bytes, std::size_t* written) {
  if (const LtStatus fault = met(); fault != ltSuccess) return fault;
  if (attribute != 0 || bytes < 4) return ltInvalidValue;
  const auto id = static_cast<std::uint32_t>(algorithm->data[0]);
  std::memcpy(value, &id, *written = sizeof id);
  return ltSuccess;
}

LtStatus cublasLtMatmul(LtHandle, LtDescriptor descriptor, const void* alpha, const void* a, LtLayout layoutA,
                        const void* b, LtLayout layoutB, const void* beta, const void*, LtLayout, void* d,
                        LtLayout layoutD, const LtAlgorithm* algorithm, void* workspace,
                        std::size_t workspaceBytes, CUstream stream) {
  if (const LtStatus fault = met(executionFailed); fault != ltSuccess) return fault;
  auto gemm = gemmOf({descriptor, layoutA, layoutB, layoutD});
  if (!gemm || algorithm->data[0] >= std::size(speeds)) return ltNotSupported;
  if (!plainScale(descriptor->scale, alpha, beta)) return ltInvalidValue;
  if (algorithm->data[0] == 0 && (!workspace || workspaceBytes < firstWorkspace)) return ltInvalidValue;
  gemm->at.a = b;
  gemm->at.b = a;
  gemm->at.c = d;
  gemm->speed = speeds[algorithm->data[0]];
  return nameplateSimulatedGemm(&*gemm, stream) == CUDA_SUCCESS ? ltSuccess : executionFailed;
}
}
#pragma GCC visibility pop
