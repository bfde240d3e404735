#include "cuda/tensormap.h"

#include <bit>

#include "cuda/driver.h"

namespace nameplate::cuda {
namespace {

// The engine only moves bytes, except that it rounds what it is told is tf32; the tensor cores would
// truncate.
CUtensorMapDataType typeOf(DType dtype) {
  switch (dtype) {
    case DType::tf32:
      return CU_TENSOR_MAP_DATA_TYPE_TFLOAT32;
    case DType::fp32:
      return CU_TENSOR_MAP_DATA_TYPE_FLOAT32;
    case DType::fp16:
      return CU_TENSOR_MAP_DATA_TYPE_FLOAT16;
    case DType::bf16:
      return CU_TENSOR_MAP_DATA_TYPE_BFLOAT16;
    case DType::int32:
      return CU_TENSOR_MAP_DATA_TYPE_INT32;
    case DType::fp8e4m3:
    case DType::fp8e5m2:
    case DType::int8:
      return CU_TENSOR_MAP_DATA_TYPE_UINT8;
    case DType::fp64:
      break;
  }
  throw Unsupported("the copy engine has no fp64 that a kernel here uses");
}

}  // namespace

bool canMapTensors() {
  return driver().cuTensorMapEncodeTiled != nullptr;
}

TensorMap tensorMap(DType dtype, std::uintptr_t address, std::size_t rows, std::size_t columns,
                    std::size_t leading, unsigned boxRows) {
  const std::size_t bytes = row(dtype).bytes;
  const std::uint64_t sizes[] = {columns, rows}, strides[] = {leading * bytes};
  const std::uint32_t box[] = {static_cast<std::uint32_t>(WgmmaTile::rowBytes / bytes), boxRows};
  const std::uint32_t steps[] = {1, 1};
  CUtensorMap map;
  check(driver().cuTensorMapEncodeTiled(&map, typeOf(dtype), 2, reinterpret_cast<void*>(address), sizes,
                                        strides, box, steps, CU_TENSOR_MAP_INTERLEAVE_NONE,
                                        CU_TENSOR_MAP_SWIZZLE_128B, CU_TENSOR_MAP_L2_PROMOTION_L2_256B,
                                        CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE),
        "cuTensorMapEncodeTiled");
  return std::bit_cast<TensorMap>(map);
}

}  // namespace nameplate::cuda
