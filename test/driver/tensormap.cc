#include "tensormap.h"

#include "device.h"

namespace nameplate::simulated {
namespace {

std::uint32_t bytesOf(CUtensorMapDataType type) {
  switch (type) {
    case CU_TENSOR_MAP_DATA_TYPE_UINT8:
      return 1;
    case CU_TENSOR_MAP_DATA_TYPE_FLOAT16:
    case CU_TENSOR_MAP_DATA_TYPE_BFLOAT16:
      return 2;
    case CU_TENSOR_MAP_DATA_TYPE_INT32:
    case CU_TENSOR_MAP_DATA_TYPE_FLOAT32:
    case CU_TENSOR_MAP_DATA_TYPE_TFLOAT32:
      return 4;
  }
  throw Refusal{CUDA_ERROR_INVALID_VALUE};
}

}  // namespace

CUresult cuTensorMapEncodeTiled(CUtensorMap* map, CUtensorMapDataType type, std::uint32_t rank, void* address,
                                const std::uint64_t* sizes, const std::uint64_t* strides,
                                const std::uint32_t* box, const std::uint32_t* steps,
                                CUtensorMapInterleave interleave, CUtensorMapSwizzle swizzle,
                                CUtensorMapL2promotion promotion, CUtensorMapFloatOOBfill fill) {
  require(current().capability >= 90 && reinterpret_cast<std::uintptr_t>(map) % alignof(CUtensorMap) == 0);
  require(rank == 2 && steps[0] == 1 && steps[1] == 1 && interleave == CU_TENSOR_MAP_INTERLEAVE_NONE &&
          swizzle == CU_TENSOR_MAP_SWIZZLE_128B && promotion == CU_TENSOR_MAP_L2_PROMOTION_L2_256B &&
          fill == CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
  const TiledMatrix matrix{address,
                           sizes[0],
                           sizes[1],
                           strides[0],
                           box[0],
                           box[1],
                           bytesOf(type),
                           type == CU_TENSOR_MAP_DATA_TYPE_TFLOAT32,
                           TiledMatrix::sealed};
  require(acceptable(matrix));
  *map = {};
  std::memcpy(map, &matrix, sizeof matrix);
  return CUDA_SUCCESS;
}

}  // namespace nameplate::simulated
