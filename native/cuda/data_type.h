// What NVIDIA's libraries call the formats: cudaDataType.
#pragma once

#include <array>

#include "dtype.h"

namespace nameplate::cuda {

enum DataType : int {
  R_32F = 0,
  R_64F = 1,
  R_16F = 2,
  R_8I = 3,
  R_32I = 10,
  R_16BF = 14,
  R_8F_E4M3 = 28,
  R_8F_E5M2 = 29
};

// tf32 is stored as fp32.
constexpr DataType dataType(DType dtype) {
  constexpr std::array<DataType, dtypes.size()> types{R_64F,     R_32F,     R_32F, R_16F, R_16BF,
                                                      R_8F_E4M3, R_8F_E5M2, R_8I,  R_32I};
  return types[static_cast<std::size_t>(dtype)];
}

}  // namespace nameplate::cuda
