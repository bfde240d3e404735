// What we use of cuda.h, declared once: the driver's types, constants and entry points.
//
// Including NVIDIA's header would make a toolkit a condition of building; linking libcuda would make a driver
// a condition of loading. So driver.cc resolves the table below at run time, and api_check.cc compares every
// line of this file with the real cuda.h wherever a toolkit is present. The names are NVIDIA's own.
#pragma once

#include <cstddef>
#include <cstdint>

namespace nameplate::cuda {

using CUdevice = int;
using CUdeviceptr = unsigned long long;
using CUcontext = struct CUctx_st*;
using CUstream = struct CUstream_st*;
using CUevent = struct CUevent_st*;
using CUmodule = struct CUmod_st*;
using CUfunction = struct CUfunc_st*;
using CUgraph = struct CUgraph_st*;
using CUgraphExec = struct CUgraphExec_st*;
struct CUuuid {
  char bytes[16];
};
struct alignas(128) CUtensorMap {
  std::uint64_t opaque[16];
};

// Each row: name, value.
#define NAMEPLATE_DRIVER_RESULTS(VALUE)                 \
  VALUE(CUDA_SUCCESS, 0)                                \
  VALUE(CUDA_ERROR_INVALID_VALUE, 1)                    \
  VALUE(CUDA_ERROR_OUT_OF_MEMORY, 2)                    \
  VALUE(CUDA_ERROR_NOT_INITIALIZED, 3)                  \
  VALUE(CUDA_ERROR_DEINITIALIZED, 4)                    \
  VALUE(CUDA_ERROR_STUB_LIBRARY, 34)                    \
  VALUE(CUDA_ERROR_DEVICE_UNAVAILABLE, 46)              \
  VALUE(CUDA_ERROR_NO_DEVICE, 100)                      \
  VALUE(CUDA_ERROR_INVALID_DEVICE, 101)                 \
  VALUE(CUDA_ERROR_INVALID_IMAGE, 200)                  \
  VALUE(CUDA_ERROR_INVALID_CONTEXT, 201)                \
  VALUE(CUDA_ERROR_NO_BINARY_FOR_GPU, 209)              \
  VALUE(CUDA_ERROR_ECC_UNCORRECTABLE, 214)              \
  VALUE(CUDA_ERROR_INVALID_PTX, 218)                    \
  VALUE(CUDA_ERROR_JIT_COMPILER_NOT_FOUND, 221)         \
  VALUE(CUDA_ERROR_UNSUPPORTED_PTX_VERSION, 222)        \
  VALUE(CUDA_ERROR_JIT_COMPILATION_DISABLED, 223)       \
  VALUE(CUDA_ERROR_CONTAINED, 226)                      \
  VALUE(CUDA_ERROR_INVALID_SOURCE, 300)                 \
  VALUE(CUDA_ERROR_NOT_FOUND, 500)                      \
  VALUE(CUDA_ERROR_ILLEGAL_ADDRESS, 700)                \
  VALUE(CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES, 701)        \
  VALUE(CUDA_ERROR_LAUNCH_TIMEOUT, 702)                 \
  VALUE(CUDA_ERROR_PEER_ACCESS_ALREADY_ENABLED, 704)    \
  VALUE(CUDA_ERROR_ASSERT, 710)                         \
  VALUE(CUDA_ERROR_TOO_MANY_PEERS, 711)                 \
  VALUE(CUDA_ERROR_HARDWARE_STACK_ERROR, 714)           \
  VALUE(CUDA_ERROR_ILLEGAL_INSTRUCTION, 715)            \
  VALUE(CUDA_ERROR_MISALIGNED_ADDRESS, 716)             \
  VALUE(CUDA_ERROR_INVALID_ADDRESS_SPACE, 717)          \
  VALUE(CUDA_ERROR_INVALID_PC, 718)                     \
  VALUE(CUDA_ERROR_LAUNCH_FAILED, 719)                  \
  VALUE(CUDA_ERROR_SYSTEM_NOT_READY, 802)               \
  VALUE(CUDA_ERROR_SYSTEM_DRIVER_MISMATCH, 803)         \
  VALUE(CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE, 804) \
  VALUE(CUDA_ERROR_UNKNOWN, 999)

#define NAMEPLATE_DEVICE_ATTRIBUTES(VALUE)                            \
  VALUE(CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK, 1)                 \
  VALUE(CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_X, 2)                       \
  VALUE(CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Y, 3)                       \
  VALUE(CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Z, 4)                       \
  VALUE(CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_X, 5)                        \
  VALUE(CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Y, 6)                        \
  VALUE(CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Z, 7)                        \
  VALUE(CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK, 8)           \
  VALUE(CU_DEVICE_ATTRIBUTE_CLOCK_RATE, 13)                           \
  VALUE(CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT, 16)                 \
  VALUE(CU_DEVICE_ATTRIBUTE_INTEGRATED, 18)                           \
  VALUE(CU_DEVICE_ATTRIBUTE_ECC_ENABLED, 32)                          \
  VALUE(CU_DEVICE_ATTRIBUTE_PCI_BUS_ID, 33)                           \
  VALUE(CU_DEVICE_ATTRIBUTE_PCI_DEVICE_ID, 34)                        \
  VALUE(CU_DEVICE_ATTRIBUTE_MEMORY_CLOCK_RATE, 36)                    \
  VALUE(CU_DEVICE_ATTRIBUTE_GLOBAL_MEMORY_BUS_WIDTH, 37)              \
  VALUE(CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE, 38)                        \
  VALUE(CU_DEVICE_ATTRIBUTE_PCI_DOMAIN_ID, 50)                        \
  VALUE(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, 75)             \
  VALUE(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, 76)             \
  VALUE(CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_MULTIPROCESSOR, 81) \
  VALUE(CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN, 97)    \
  VALUE(CU_DEVICE_ATTRIBUTE_MPS_ENABLED, 133)

#define NAMEPLATE_FUNCTION_ATTRIBUTES(VALUE)                \
  VALUE(CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK, 0)         \
  VALUE(CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES, 1)             \
  VALUE(CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, 8) \
  VALUE(CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT, 9)

#define NAMEPLATE_JIT_OPTIONS(VALUE) \
  VALUE(CU_JIT_ERROR_LOG_BUFFER, 5)  \
  VALUE(CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES, 6)

#define NAMEPLATE_CAPTURE_MODES(VALUE) VALUE(CU_STREAM_CAPTURE_MODE_THREAD_LOCAL, 1)

#define NAMEPLATE_TENSOR_MAP_TYPES(VALUE)    \
  VALUE(CU_TENSOR_MAP_DATA_TYPE_UINT8, 0)    \
  VALUE(CU_TENSOR_MAP_DATA_TYPE_INT32, 3)    \
  VALUE(CU_TENSOR_MAP_DATA_TYPE_FLOAT16, 6)  \
  VALUE(CU_TENSOR_MAP_DATA_TYPE_FLOAT32, 7)  \
  VALUE(CU_TENSOR_MAP_DATA_TYPE_BFLOAT16, 9) \
  VALUE(CU_TENSOR_MAP_DATA_TYPE_TFLOAT32, 11)

#define NAMEPLATE_TENSOR_MAP_INTERLEAVES(VALUE) VALUE(CU_TENSOR_MAP_INTERLEAVE_NONE, 0)
#define NAMEPLATE_TENSOR_MAP_SWIZZLES(VALUE) VALUE(CU_TENSOR_MAP_SWIZZLE_128B, 3)
#define NAMEPLATE_TENSOR_MAP_PROMOTIONS(VALUE) VALUE(CU_TENSOR_MAP_L2_PROMOTION_L2_256B, 3)
#define NAMEPLATE_TENSOR_MAP_FILLS(VALUE) VALUE(CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE, 0)

#define NAMEPLATE_ENUMERATOR(name, value) name = value,
enum CUresult : unsigned { NAMEPLATE_DRIVER_RESULTS(NAMEPLATE_ENUMERATOR) };
enum CUdevice_attribute : unsigned { NAMEPLATE_DEVICE_ATTRIBUTES(NAMEPLATE_ENUMERATOR) };
enum CUfunction_attribute : unsigned { NAMEPLATE_FUNCTION_ATTRIBUTES(NAMEPLATE_ENUMERATOR) };
enum CUjit_option : unsigned { NAMEPLATE_JIT_OPTIONS(NAMEPLATE_ENUMERATOR) };
enum CUstreamCaptureMode : unsigned { NAMEPLATE_CAPTURE_MODES(NAMEPLATE_ENUMERATOR) };
enum CUtensorMapDataType : unsigned { NAMEPLATE_TENSOR_MAP_TYPES(NAMEPLATE_ENUMERATOR) };
enum CUtensorMapInterleave : unsigned { NAMEPLATE_TENSOR_MAP_INTERLEAVES(NAMEPLATE_ENUMERATOR) };
enum CUtensorMapSwizzle : unsigned { NAMEPLATE_TENSOR_MAP_SWIZZLES(NAMEPLATE_ENUMERATOR) };
enum CUtensorMapL2promotion : unsigned { NAMEPLATE_TENSOR_MAP_PROMOTIONS(NAMEPLATE_ENUMERATOR) };
enum CUtensorMapFloatOOBfill : unsigned { NAMEPLATE_TENSOR_MAP_FILLS(NAMEPLATE_ENUMERATOR) };
#undef NAMEPLATE_ENUMERATOR

inline constexpr unsigned nonBlockingStream = 1;   // CU_STREAM_NON_BLOCKING
inline constexpr unsigned defaultEvent = 0;        // CU_EVENT_DEFAULT: with timing
inline constexpr unsigned defaultWait = 0;         // CU_EVENT_WAIT_DEFAULT
inline constexpr unsigned portableHostMemory = 1;  // CU_MEMHOSTALLOC_PORTABLE

// Each row: name; name in the library's symbol table, where a second version of a call is a second symbol;
// the CUDA version, major x 1000 + minor x 10, that brought this form of the call; whether we cannot do
// without; arguments. All return CUresult. The versions are what cuGetProcAddress is asked for, so that a
// newer driver still hands out the form declared here.
#define NAMEPLATE_DRIVER_CALLS(CALL)                                                                         \
  CALL(cuInit, cuInit, 2000, true, (unsigned flags))                                                         \
  CALL(cuDriverGetVersion, cuDriverGetVersion, 2020, true, (int* version))                                   \
  CALL(cuGetErrorName, cuGetErrorName, 6000, true, (CUresult result, const char** name))                     \
  CALL(cuGetErrorString, cuGetErrorString, 6000, true, (CUresult result, const char** text))                 \
  CALL(cuDeviceGetCount, cuDeviceGetCount, 2000, true, (int* count))                                         \
  CALL(cuDeviceGet, cuDeviceGet, 2000, true, (CUdevice * device, int ordinal))                               \
  CALL(cuDeviceGetName, cuDeviceGetName, 2000, true, (char* name, int length, CUdevice device))              \
  CALL(cuDeviceTotalMem, cuDeviceTotalMem_v2, 3020, true, (std::size_t* bytes, CUdevice device))             \
  CALL(cuDeviceGetAttribute, cuDeviceGetAttribute, 2000, true,                                               \
       (int* value, CUdevice_attribute attribute, CUdevice device))                                          \
  CALL(cuDeviceGetUuid, cuDeviceGetUuid_v2, 11040, true, (CUuuid * uuid, CUdevice device))                   \
  CALL(cuDevicePrimaryCtxRetain, cuDevicePrimaryCtxRetain, 7000, true,                                       \
       (CUcontext * context, CUdevice device))                                                               \
  CALL(cuDevicePrimaryCtxRelease, cuDevicePrimaryCtxRelease_v2, 11000, true, (CUdevice device))              \
  CALL(cuCtxSetCurrent, cuCtxSetCurrent, 4000, true, (CUcontext context))                                    \
  CALL(cuMemGetInfo, cuMemGetInfo_v2, 3020, true, (std::size_t* free, std::size_t* total))                   \
  CALL(cuMemAlloc, cuMemAlloc_v2, 3020, true, (CUdeviceptr * address, std::size_t bytes))                    \
  CALL(cuMemFree, cuMemFree_v2, 3020, true, (CUdeviceptr address))                                           \
  CALL(cuMemHostAlloc, cuMemHostAlloc, 2020, true, (void** address, std::size_t bytes, unsigned flags))      \
  CALL(cuMemFreeHost, cuMemFreeHost, 2000, true, (void* address))                                            \
  CALL(cuMemcpyHtoDAsync, cuMemcpyHtoDAsync_v2, 3020, true,                                                  \
       (CUdeviceptr to, const void* from, std::size_t bytes, CUstream stream))                               \
  CALL(cuMemcpyDtoHAsync, cuMemcpyDtoHAsync_v2, 3020, true,                                                  \
       (void* to, CUdeviceptr from, std::size_t bytes, CUstream stream))                                     \
  CALL(cuMemcpyDtoDAsync, cuMemcpyDtoDAsync_v2, 3020, true,                                                  \
       (CUdeviceptr to, CUdeviceptr from, std::size_t bytes, CUstream stream))                               \
  CALL(cuMemcpyPeerAsync, cuMemcpyPeerAsync, 4000, true,                                                     \
       (CUdeviceptr to, CUcontext toContext, CUdeviceptr from, CUcontext fromContext, std::size_t bytes,     \
        CUstream stream))                                                                                    \
  CALL(cuDeviceCanAccessPeer, cuDeviceCanAccessPeer, 4000, true, (int* can, CUdevice device, CUdevice peer)) \
  CALL(cuCtxEnablePeerAccess, cuCtxEnablePeerAccess, 4000, true, (CUcontext peer, unsigned flags))           \
  CALL(cuCtxDisablePeerAccess, cuCtxDisablePeerAccess, 4000, true, (CUcontext peer))                         \
  CALL(cuMemsetD32Async, cuMemsetD32Async, 3020, true,                                                       \
       (CUdeviceptr to, unsigned word, std::size_t words, CUstream stream))                                  \
  CALL(cuStreamCreate, cuStreamCreate, 2000, true, (CUstream * stream, unsigned flags))                      \
  CALL(cuStreamDestroy, cuStreamDestroy_v2, 4000, true, (CUstream stream))                                   \
  CALL(cuStreamSynchronize, cuStreamSynchronize, 2000, true, (CUstream stream))                              \
  CALL(cuStreamWaitEvent, cuStreamWaitEvent, 3020, true, (CUstream stream, CUevent event, unsigned flags))   \
  CALL(cuStreamBeginCapture, cuStreamBeginCapture_v2, 10010, true,                                           \
       (CUstream stream, CUstreamCaptureMode mode))                                                          \
  CALL(cuStreamEndCapture, cuStreamEndCapture, 10000, true, (CUstream stream, CUgraph * graph))              \
  CALL(cuEventCreate, cuEventCreate, 2000, true, (CUevent * event, unsigned flags))                          \
  CALL(cuEventDestroy, cuEventDestroy_v2, 4000, true, (CUevent event))                                       \
  CALL(cuEventRecord, cuEventRecord, 2000, true, (CUevent event, CUstream stream))                           \
  CALL(cuEventSynchronize, cuEventSynchronize, 2000, true, (CUevent event))                                  \
  CALL(cuEventElapsedTime, cuEventElapsedTime, 2000, true, (float* milliseconds, CUevent from, CUevent to))  \
  CALL(cuGraphInstantiateWithFlags, cuGraphInstantiateWithFlags, 11040, true,                                \
       (CUgraphExec * executable, CUgraph graph, unsigned long long flags))                                  \
  CALL(cuGraphUpload, cuGraphUpload, 11010, true, (CUgraphExec executable, CUstream stream))                 \
  CALL(cuGraphLaunch, cuGraphLaunch, 10000, true, (CUgraphExec executable, CUstream stream))                 \
  CALL(cuGraphExecDestroy, cuGraphExecDestroy, 10000, true, (CUgraphExec executable))                        \
  CALL(cuGraphDestroy, cuGraphDestroy, 10000, true, (CUgraph graph))                                         \
  CALL(cuModuleLoadDataEx, cuModuleLoadDataEx, 2010, true,                                                   \
       (CUmodule * module, const void* image, unsigned count, CUjit_option* options, void** values))         \
  CALL(cuModuleUnload, cuModuleUnload, 2000, true, (CUmodule module))                                        \
  CALL(cuModuleGetFunction, cuModuleGetFunction, 2000, true,                                                 \
       (CUfunction * function, CUmodule module, const char* name))                                           \
  CALL(cuFuncGetAttribute, cuFuncGetAttribute, 2020, true,                                                   \
       (int* value, CUfunction_attribute attribute, CUfunction function))                                    \
  CALL(cuFuncSetAttribute, cuFuncSetAttribute, 9000, true,                                                   \
       (CUfunction function, CUfunction_attribute attribute, int value))                                     \
  CALL(cuFuncGetParamInfo, cuFuncGetParamInfo, 12040, false,                                                 \
       (CUfunction function, std::size_t index, std::size_t* offset, std::size_t* bytes))                    \
  CALL(cuLaunchKernel, cuLaunchKernel, 4000, true,                                                           \
       (CUfunction function, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX,                \
        unsigned blockY, unsigned blockZ, unsigned sharedBytes, CUstream stream, void** parameters,          \
        void** extra))                                                                                       \
  CALL(cuTensorMapEncodeTiled, cuTensorMapEncodeTiled, 12000, false,                                         \
       (CUtensorMap * map, CUtensorMapDataType type, std::uint32_t rank, void* address,                      \
        const std::uint64_t* sizes, const std::uint64_t* strides, const std::uint32_t* box,                  \
        const std::uint32_t* steps, CUtensorMapInterleave interleave, CUtensorMapSwizzle swizzle,            \
        CUtensorMapL2promotion promotion, CUtensorMapFloatOOBfill fill))

// Not in the table, because they are how the table is resolved: cuGetProcAddress_v2 since CUDA 12.0, and
// cuGetProcAddress since 11.3. A driver without either has the symbols of the table's second column.
using GetProcAddressV2 = CUresult (*)(const char* name, void** call, int version, std::uint64_t flags,
                                      int* status);
using GetProcAddressV1 = CUresult (*)(const char* name, void** call, int version, std::uint64_t flags);

}  // namespace nameplate::cuda
