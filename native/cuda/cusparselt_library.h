// cuSPARSELt, found and opened at run time: the opponent of our sparse kernels, where the machine has it.
//
// The values and signatures are those of cusparseLt.h 0.8.1. What 0.7 has of them is the same; before it the
// compute types had other numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "backend.h"
#include "cuda/api.h"
#include "cuda/data_type.h"

namespace nameplate::cuda {

using SpStatus = int;  // cusparseStatus_t
inline constexpr SpStatus spSuccess = 0, spInvalidValue = 3, spArchitectureMismatch = 4,
                          spTypeNotSupported = 8, spNotSupported = 10, spInsufficientResources = 11;

// A handle, a descriptor or a plan, of which the library keeps what it likes: 512 bytes in 0.8, 11024 before.
struct alignas(16) SpObject {
  std::byte data[16384];
};

inline constexpr int spRowMajor = 2;                       // CUSPARSE_ORDER_ROW
inline constexpr int spPlain = 0, spTransposed = 1;        // CUSPARSE_OPERATION_…
inline constexpr int spHalfOfThem = 0;                     // CUSPARSELT_SPARSITY_50_PERCENT
inline constexpr int spComputeInt = 0, spComputeFp32 = 2;  // CUSPARSE_COMPUTE_32I, …_32F
inline constexpr int spDefaultAlgorithm = 0;               // CUSPARSELT_MATMUL_ALG_DEFAULT
// CUSPARSELT_MATMUL_ALG_CONFIG_ID, and the number of those that there are.
inline constexpr int spAlgorithmId = 0, spAlgorithms = 1;

// Each row: member, symbol, arguments. All return SpStatus.
#define NAMEPLATE_SP_CALLS(CALL)                                                                           \
  CALL(create, cusparseLtInit, (SpObject * handle))                                                        \
  CALL(destroy, cusparseLtDestroy, (const SpObject* handle))                                               \
  CALL(dense, cusparseLtDenseDescriptorInit,                                                               \
       (const SpObject* handle, SpObject* made, std::int64_t rows, std::int64_t columns,                   \
        std::int64_t leading, std::uint32_t alignment, DataType type, int order))                          \
  CALL(structured, cusparseLtStructuredDescriptorInit,                                                     \
       (const SpObject* handle, SpObject* made, std::int64_t rows, std::int64_t columns,                   \
        std::int64_t leading, std::uint32_t alignment, DataType type, int order, int sparsity))            \
  CALL(matrixDestroy, cusparseLtMatDescriptorDestroy, (const SpObject* matrix))                            \
  CALL(product, cusparseLtMatmulDescriptorInit,                                                            \
       (const SpObject* handle, SpObject* made, int formOfA, int formOfB, const SpObject* a,               \
        const SpObject* b, const SpObject* c, const SpObject* d, int compute))                             \
  CALL(select, cusparseLtMatmulAlgSelectionInit,                                                           \
       (const SpObject* handle, SpObject* made, const SpObject* product, int algorithm))                   \
  CALL(selectionSet, cusparseLtMatmulAlgSetAttribute,                                                      \
       (const SpObject* handle, SpObject* selection, int attribute, const void* value, std::size_t bytes)) \
  CALL(selectionGet, cusparseLtMatmulAlgGetAttribute,                                                      \
       (const SpObject* handle, const SpObject* selection, int attribute, void* value, std::size_t bytes)) \
  CALL(plan, cusparseLtMatmulPlanInit,                                                                     \
       (const SpObject* handle, SpObject* made, const SpObject* product, const SpObject* selection))       \
  CALL(planDestroy, cusparseLtMatmulPlanDestroy, (const SpObject* plan))                                   \
  CALL(workspace, cusparseLtMatmulGetWorkspace,                                                            \
       (const SpObject* handle, const SpObject* plan, std::size_t* bytes))                                 \
  CALL(matmul, cusparseLtMatmul,                                                                           \
       (const SpObject* handle, const SpObject* plan, const void* alpha, const void* a, const void* b,     \
        const void* beta, const void* c, void* d, void* workspace, CUstream* streams, std::int32_t count)) \
  CALL(compressedSize, cusparseLtSpMMACompressedSize2,                                                     \
       (const SpObject* handle, const SpObject* matrix, std::size_t* bytes, std::size_t* scratchBytes))    \
  CALL(compress, cusparseLtSpMMACompress2,                                                                 \
       (const SpObject* handle, const SpObject* matrix, int isA, int form, const void* dense,              \
        void* compressed, void* scratch, CUstream stream))

struct CusparseLt {
#define NAMEPLATE_MEMBER(name, symbol, arguments) SpStatus(*name) arguments = nullptr;
  NAMEPLATE_SP_CALLS(NAMEPLATE_MEMBER)
#undef NAMEPLATE_MEMBER
  std::string path, version;  // "0.8.1"

  // CUSPARSE's name for a status: "CUSPARSE_STATUS_NOT_SUPPORTED".
  std::string statusName(SpStatus) const;
  // Throws Error unless `status` is a success.
  void check(SpStatus status, const char* call) const;

  // Both since 0.8, and null before.
  SpStatus (*selectionDestroy)(const SpObject*) = nullptr;
  const char* (*getErrorName)(SpStatus) = nullptr;
};

// The library, or null; cusparseLtAbsence() then says why. NAMEPLATE_CUSPARSELT, the path of a library,
// overrides the search.
const CusparseLt* cusparseLt();
std::optional<Absence> cusparseLtAbsence();

}  // namespace nameplate::cuda
