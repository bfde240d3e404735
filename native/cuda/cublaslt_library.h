// cuBLASLt, found and opened at run time: the opponent that our kernels are measured against, where the
// machine has it.
//
// The values and signatures are those of cublasLt.h of cuBLAS 13.1, which are those of 11.8 and 12 for all
// that is used here; descriptors are pointers to what we never look into.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "backend.h"
#include "cuda/api.h"
#include "cuda/data_type.h"

namespace nameplate::cuda {

using LtStatus = int;  // cublasStatus_t
using LtHandle = struct LtHandleOpaque*;
using LtDescriptor = struct LtDescriptorOpaque*;
using LtLayout = struct LtLayoutOpaque*;
using LtPreference = struct LtPreferenceOpaque*;

struct LtAlgorithm {
  std::uint64_t data[8];
};
struct LtHeuristicResult {
  LtAlgorithm algorithm;
  std::size_t workspaceBytes;
  LtStatus state;
  float waves;
  int reserved[4];
};
static_assert(sizeof(LtHeuristicResult) == 96);

inline constexpr LtStatus ltSuccess = 0, ltInvalidValue = 7, ltArchitectureMismatch = 8, ltNotSupported = 15;

// cublasComputeType_t.
enum LtCompute : int {
  COMPUTE_16F = 64,
  COMPUTE_32F = 68,
  COMPUTE_64F = 70,
  COMPUTE_32I = 72,
  COMPUTE_32F_FAST_TF32 = 77
};

inline constexpr int ltTransposed = 1;                             // CUBLAS_OP_T
inline constexpr int ltDescTransA = 3, ltDescFastAccumulate = 25;  // CUBLASLT_MATMUL_DESC_…
inline constexpr int ltPreferenceWorkspace = 1;                    // CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES
// CUBLASLT_ALGO_CONFIG_…; cuBLAS 11 does not know the last.
inline constexpr int ltConfigId = 0, ltConfigTile = 1, ltConfigSplitK = 2, ltConfigStages = 6,
                     ltConfigCluster = 8;

// Each row: member, symbol, arguments. All return LtStatus.
#define NAMEPLATE_LT_CALLS(CALL)                                                                          \
  CALL(create, cublasLtCreate, (LtHandle * handle))                                                       \
  CALL(destroy, cublasLtDestroy, (LtHandle handle))                                                       \
  CALL(descCreate, cublasLtMatmulDescCreate, (LtDescriptor * made, LtCompute compute, DataType scale))    \
  CALL(descDestroy, cublasLtMatmulDescDestroy, (LtDescriptor descriptor))                                 \
  CALL(descSet, cublasLtMatmulDescSetAttribute,                                                           \
       (LtDescriptor descriptor, int attribute, const void* value, std::size_t bytes))                    \
  CALL(layoutCreate, cublasLtMatrixLayoutCreate,                                                          \
       (LtLayout * made, DataType type, std::uint64_t rows, std::uint64_t columns, std::int64_t leading)) \
  CALL(layoutDestroy, cublasLtMatrixLayoutDestroy, (LtLayout layout))                                     \
  CALL(preferenceCreate, cublasLtMatmulPreferenceCreate, (LtPreference * made))                           \
  CALL(preferenceDestroy, cublasLtMatmulPreferenceDestroy, (LtPreference preference))                     \
  CALL(preferenceSet, cublasLtMatmulPreferenceSetAttribute,                                               \
       (LtPreference preference, int attribute, const void* value, std::size_t bytes))                    \
  CALL(heuristic, cublasLtMatmulAlgoGetHeuristic,                                                         \
       (LtHandle handle, LtDescriptor descriptor, LtLayout a, LtLayout b, LtLayout c, LtLayout d,         \
        LtPreference preference, int asked, LtHeuristicResult* results, int* count))                      \
  CALL(matmul, cublasLtMatmul,                                                                            \
       (LtHandle handle, LtDescriptor descriptor, const void* alpha, const void* a, LtLayout layoutA,     \
        const void* b, LtLayout layoutB, const void* beta, const void* c, LtLayout layoutC, void* d,      \
        LtLayout layoutD, const LtAlgorithm* algorithm, void* workspace, std::size_t workspaceBytes,      \
        CUstream stream))                                                                                 \
  CALL(configGet, cublasLtMatmulAlgoConfigGetAttribute,                                                   \
       (const LtAlgorithm* algorithm, int attribute, void* value, std::size_t bytes, std::size_t* written))

struct CublasLt {
#define NAMEPLATE_MEMBER(name, symbol, arguments) LtStatus(*name) arguments = nullptr;
  NAMEPLATE_LT_CALLS(NAMEPLATE_MEMBER)
#undef NAMEPLATE_MEMBER
  std::string path, version;  // "13.1.1"
  std::size_t number = 0;     // 130101

  // CUBLAS's name for a status: "CUBLAS_STATUS_NOT_SUPPORTED".
  std::string statusName(LtStatus) const;
  // Throws Error unless `status` is a success.
  void check(LtStatus status, const char* call) const;

  const char* (*getStatusName)(LtStatus) = nullptr;
};

// The library, or null; cublasLtAbsence() then says why. NAMEPLATE_CUBLASLT, the path of a library, overrides
// the search.
const CublasLt* cublasLt();
std::optional<Absence> cublasLtAbsence();

}  // namespace nameplate::cuda
