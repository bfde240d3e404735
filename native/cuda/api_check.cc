// Does api.h say what the real cuda.h says? Compiled by test/api.test.ts alone, where a toolkit is: it either
// compiles or names the line that is wrong, and a toolkit that drops what we ask for at run time must not
// cost the addon. Headers older than CUDA 12.4 lack a row of our table, and are not asked.
#include "cuda/api.h"

#include <cuda.h>
#include <cudaTypedefs.h>

#include <type_traits>

#include "cuda/cublaslt_library.h"
#include "cuda/cusparselt_library.h"
#include "cuda/nvml.h"

#if __has_include(<cublasLt.h>)
#include <cublasLt.h>
#endif
#if __has_include(<cusparseLt.h>)
#include <cusparseLt.h>
#endif
#if __has_include(<nvml.h>)
#define NVML_NO_UNVERSIONED_FUNC_DEFS  // or it would hide the older forms of a call
#include <nvml.h>
#endif

#if CUDA_VERSION >= 12040

namespace nameplate::cuda {
namespace {

// Our types are not NVIDIA's, so identity cannot be asked for; what an ABI sees can: the number of
// arguments, and of each its size and how often it is a pointer to what.
template <typename Ours, typename Theirs>
constexpr bool alike() {
  if constexpr (std::is_pointer_v<Ours> && std::is_pointer_v<Theirs>) {
    using O = std::remove_pointer_t<Ours>;
    using T = std::remove_pointer_t<Theirs>;
    if constexpr (std::is_const_v<O> != std::is_const_v<T>) {
      return false;
    } else if constexpr (std::is_void_v<O> || std::is_void_v<T>) {
      return std::is_void_v<O> && std::is_void_v<T>;
    } else if constexpr (std::is_class_v<O> && std::is_class_v<T>) {
      return true;
    } else {
      return alike<std::remove_const_t<O>, std::remove_const_t<T>>();
    }
  } else if constexpr (std::is_enum_v<Ours> || std::is_enum_v<Theirs>) {
    return std::is_scalar_v<Ours> && std::is_scalar_v<Theirs> && sizeof(Ours) == sizeof(Theirs);
  } else {
    return std::is_same_v<Ours, Theirs>;
  }
}

template <typename Ours, typename Theirs>
struct SameCall : std::false_type {};
template <typename R, typename... Ours, typename S, typename... Theirs>
  requires(sizeof...(Ours) == sizeof...(Theirs))
struct SameCall<R (*)(Ours...), S (*)(Theirs...)>
    : std::bool_constant<alike<R, S>() && (alike<Ours, Theirs>() && ...)> {};

// The typedef's name carries the version that brought the form, so the pasting checks our third column too.
#define CHECK_CALL(name, symbol, since, needed, arguments) \
  static_assert(SameCall<CUresult(*) arguments, PFN_##name##_v##since>::value, #name);
NAMEPLATE_DRIVER_CALLS(CHECK_CALL)

#define CHECK_VALUE(name, value) static_assert(value == static_cast<int>(::name), #name);
NAMEPLATE_DRIVER_RESULTS(CHECK_VALUE)
NAMEPLATE_DEVICE_ATTRIBUTES(CHECK_VALUE)
NAMEPLATE_FUNCTION_ATTRIBUTES(CHECK_VALUE)
NAMEPLATE_JIT_OPTIONS(CHECK_VALUE)
NAMEPLATE_CAPTURE_MODES(CHECK_VALUE)
NAMEPLATE_TENSOR_MAP_TYPES(CHECK_VALUE)
NAMEPLATE_TENSOR_MAP_INTERLEAVES(CHECK_VALUE)
NAMEPLATE_TENSOR_MAP_SWIZZLES(CHECK_VALUE)
NAMEPLATE_TENSOR_MAP_PROMOTIONS(CHECK_VALUE)
NAMEPLATE_TENSOR_MAP_FILLS(CHECK_VALUE)
static_assert(nonBlockingStream == ::CU_STREAM_NON_BLOCKING);
static_assert(defaultEvent == ::CU_EVENT_DEFAULT);
static_assert(defaultWait == ::CU_EVENT_WAIT_DEFAULT);
static_assert(portableHostMemory == CU_MEMHOSTALLOC_PORTABLE);
static_assert(sizeof(CUuuid) == sizeof(::CUuuid));
static_assert(sizeof(CUtensorMap) == sizeof(::CUtensorMap) && alignof(CUtensorMap) >= alignof(::CUtensorMap));
static_assert(SameCall<GetProcAddressV1, PFN_cuGetProcAddress_v11030>::value);
static_assert(SameCall<GetProcAddressV2, PFN_cuGetProcAddress_v12000>::value);

#if __has_include(<cublasLt.h>)
#define CHECK_LT_CALL(name, symbol, arguments) \
  static_assert(SameCall<LtStatus(*) arguments, decltype(&::symbol)>::value, #symbol);
NAMEPLATE_LT_CALLS(CHECK_LT_CALL)
static_assert(sizeof(LtHeuristicResult) == sizeof(cublasLtMatmulHeuristicResult_t));
static_assert(offsetof(LtHeuristicResult, state) == offsetof(cublasLtMatmulHeuristicResult_t, state));
static_assert(ltSuccess == CUBLAS_STATUS_SUCCESS && ltInvalidValue == CUBLAS_STATUS_INVALID_VALUE &&
              ltArchitectureMismatch == CUBLAS_STATUS_ARCH_MISMATCH &&
              ltNotSupported == CUBLAS_STATUS_NOT_SUPPORTED);
static_assert(int{R_32F} == CUDA_R_32F && int{R_64F} == CUDA_R_64F && int{R_16F} == CUDA_R_16F &&
              int{R_8I} == CUDA_R_8I && int{R_32I} == CUDA_R_32I && int{R_16BF} == CUDA_R_16BF &&
              int{R_8F_E4M3} == CUDA_R_8F_E4M3 && int{R_8F_E5M2} == CUDA_R_8F_E5M2);
static_assert(int{COMPUTE_16F} == CUBLAS_COMPUTE_16F && int{COMPUTE_32F} == CUBLAS_COMPUTE_32F &&
              int{COMPUTE_64F} == CUBLAS_COMPUTE_64F && int{COMPUTE_32I} == CUBLAS_COMPUTE_32I &&
              int{COMPUTE_32F_FAST_TF32} == CUBLAS_COMPUTE_32F_FAST_TF32);
static_assert(ltTransposed == CUBLAS_OP_T && ltDescTransA == CUBLASLT_MATMUL_DESC_TRANSA &&
              ltDescFastAccumulate == CUBLASLT_MATMUL_DESC_FAST_ACCUM &&
              ltPreferenceWorkspace == CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES);
static_assert(offsetof(LtHeuristicResult, workspaceBytes) ==
              offsetof(cublasLtMatmulHeuristicResult_t, workspaceSize));
static_assert(ltConfigId == CUBLASLT_ALGO_CONFIG_ID && ltConfigTile == CUBLASLT_ALGO_CONFIG_TILE_ID &&
              ltConfigSplitK == CUBLASLT_ALGO_CONFIG_SPLITK_NUM &&
              ltConfigStages == CUBLASLT_ALGO_CONFIG_STAGES_ID &&
              ltConfigCluster == CUBLASLT_ALGO_CONFIG_CLUSTER_SHAPE_ID);
#endif

#if __has_include(<cusparseLt.h>)
#define CHECK_SP_CALL(name, symbol, arguments) \
  static_assert(SameCall<SpStatus(*) arguments, decltype(&::symbol)>::value, #symbol);
NAMEPLATE_SP_CALLS(CHECK_SP_CALL)
static_assert(sizeof(SpObject) >= sizeof(cusparseLtHandle_t) &&
              alignof(SpObject) >= alignof(cusparseLtHandle_t) &&
              sizeof(SpObject) >= sizeof(cusparseLtMatmulPlan_t) &&
              alignof(SpObject) >= alignof(cusparseLtMatmulPlan_t));
static_assert(spSuccess == CUSPARSE_STATUS_SUCCESS && spInvalidValue == CUSPARSE_STATUS_INVALID_VALUE &&
              spArchitectureMismatch == CUSPARSE_STATUS_ARCH_MISMATCH &&
              spTypeNotSupported == CUSPARSE_STATUS_MATRIX_TYPE_NOT_SUPPORTED &&
              spNotSupported == CUSPARSE_STATUS_NOT_SUPPORTED &&
              spInsufficientResources == CUSPARSE_STATUS_INSUFFICIENT_RESOURCES);
static_assert(spRowMajor == CUSPARSE_ORDER_ROW && spPlain == CUSPARSE_OPERATION_NON_TRANSPOSE &&
              spTransposed == CUSPARSE_OPERATION_TRANSPOSE &&
              spHalfOfThem == CUSPARSELT_SPARSITY_50_PERCENT && spComputeInt == CUSPARSE_COMPUTE_32I &&
              spComputeFp32 == CUSPARSE_COMPUTE_32F && spDefaultAlgorithm == CUSPARSELT_MATMUL_ALG_DEFAULT &&
              spAlgorithmId == CUSPARSELT_MATMUL_ALG_CONFIG_ID &&
              spAlgorithms == CUSPARSELT_MATMUL_ALG_CONFIG_MAX_ID);
#endif

#if __has_include(<nvml.h>)
// What is deprecated is still what an older library has.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
#define CHECK_NVML_CALL(name, symbol, arguments) \
  static_assert(SameCall<NvmlReturn(*) arguments, decltype(&::symbol)>::value, #symbol);
NAMEPLATE_NVML_CALLS(CHECK_NVML_CALL)
static_assert(sizeof(NvmlPciInfo) == sizeof(nvmlPciInfo_t));
static_assert(offsetof(NvmlPciInfo, pciDeviceId) == offsetof(nvmlPciInfo_t, pciDeviceId));
static_assert(offsetof(NvmlPciInfo, busId) == offsetof(nvmlPciInfo_t, busId));
static_assert(nvmlSmClock == NVML_CLOCK_SM && nvmlMemoryClock == NVML_CLOCK_MEM);
static_assert(nvmlGpuSensor == NVML_TEMPERATURE_GPU);
static_assert(nvmlPeerByNvlink == NVML_P2P_CAPS_INDEX_NVLINK);
static_assert(nvmlCorrected == NVML_MEMORY_ERROR_TYPE_CORRECTED &&
              nvmlUncorrected == NVML_MEMORY_ERROR_TYPE_UNCORRECTED && nvmlVolatile == NVML_VOLATILE_ECC &&
              nvmlAggregate == NVML_AGGREGATE_ECC);
static_assert(sizeof(NvmlFieldValue) == sizeof(nvmlFieldValue_t) &&
              offsetof(NvmlFieldValue, value) == offsetof(nvmlFieldValue_t, value));
static_assert(nvmlMemoryTemperature == NVML_FI_DEV_MEMORY_TEMP);
static_assert(sizeof(NvmlEvent) == sizeof(nvmlEventData_t) &&
              offsetof(NvmlEvent, data) == offsetof(nvmlEventData_t, eventData));
static_assert(nvmlXid == nvmlEventTypeXidCriticalError);
#ifdef NVML_FI_DEV_POWER_INSTANT
static_assert(nvmlInstantPower == NVML_FI_DEV_POWER_INSTANT);
#endif
#ifdef NVML_FI_DEV_GET_GPU_RECOVERY_ACTION
static_assert(nvmlRecoveryAction == NVML_FI_DEV_GET_GPU_RECOVERY_ACTION);
#endif
#endif

}  // namespace
}  // namespace nameplate::cuda

#endif
