// What a simulated driver writes into a tensor map, and the emulated copy engine of test/kernels/hopper
// reads.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>

#include "dtype.h"
#include "kernels/wgmma.h"

namespace nameplate::simulated {

// A row-major matrix, of which boxRows x boxColumns elements move at a time.
struct TiledMatrix {
  const void* base;
  std::uint64_t columns, rows, strideBytes;
  std::uint32_t boxColumns, boxRows, elementBytes, roundsToTf32;
  std::uint64_t seal;

  static constexpr std::uint64_t sealed = 0x7e50a7edbeefull;
};

// What cuTensorMapEncodeTiled documents of two dimensions, no interleave and the 128-byte swizzle.
inline bool acceptable(const TiledMatrix& matrix) {
  constexpr std::uint64_t most = std::uint64_t{1} << 32;
  return reinterpret_cast<std::uintptr_t>(matrix.base) % 16 == 0 && matrix.columns > 0 &&
         matrix.columns <= most && matrix.rows > 0 && matrix.rows <= most && matrix.strideBytes % 16 == 0 &&
         matrix.strideBytes < std::uint64_t{1} << 40 && matrix.boxColumns > 0 && matrix.boxColumns <= 256 &&
         matrix.boxRows > 0 && matrix.boxRows <= 256 && matrix.boxColumns * matrix.elementBytes <= 128 &&
         matrix.boxColumns * matrix.elementBytes % 16 == 0;
}

// Absent where `map` was not encoded, or is off its boundary.
inline std::optional<TiledMatrix> opened(const TensorMap& map) {
  TiledMatrix matrix;
  static_assert(sizeof matrix <= sizeof map);
  std::memcpy(&matrix, &map, sizeof matrix);
  if (reinterpret_cast<std::uintptr_t>(&map) % 128 != 0 || matrix.seal != TiledMatrix::sealed)
    return std::nullopt;
  return matrix;
}

}  // namespace nameplate::simulated
