// How every GEMM kernel here reads its operands: 16 bytes of one row at a time, with zeros beyond the edges.
//
// Zeros add nothing to a dot product, so the arithmetic needs no edge cases; only loads and stores do. A
// vector load needs a 16-byte boundary, which an odd leading dimension or a pointer into a matrix does not
// give, so such operands, and the last bytes of a row, are read element by element.
#pragma once

#include <cstring>

namespace nameplate {

inline constexpr unsigned chunkBytes = 16;

// `rows` rows of `k` elements, `ld` elements apart.
template <typename Element>
struct Operand {
  static constexpr unsigned chunk = chunkBytes / sizeof(Element);  // elements

  const Element* data;
  unsigned long long rows, k, ld;
  bool aligned;

  __device__ Operand(const void* data, unsigned long long rows, unsigned long long k, unsigned long long ld)
      : data(static_cast<const Element*>(data)),
        rows(rows),
        k(k),
        ld(ld),
        aligned((reinterpret_cast<unsigned long long>(data) | (ld * sizeof(Element))) % chunkBytes == 0) {}

  // The chunk of row `row` that starts at element `at`.
  __device__ __forceinline__ uint4 load(unsigned long long row, unsigned long long at) const {
    if (row >= rows || at >= k) return uint4{0, 0, 0, 0};
    const Element* from = data + row * ld + at;
    if (aligned && at + chunk <= k) return *reinterpret_cast<const uint4*>(from);
    Element elements[chunk];
#pragma unroll
    for (unsigned i = 0; i < chunk; ++i) elements[i] = at + i < k ? from[i] : Element{};
    uint4 bits;
    std::memcpy(&bits, elements, chunkBytes);
    return bits;
  }
};

// The first row and column of C that this block computes.
struct Corner {
  unsigned long long row, column;
};

template <unsigned tileM, unsigned tileN>
__device__ __forceinline__ Corner corner(unsigned long long n) {
  const unsigned long long tilesPerRow = (n + tileN - 1) / tileN;
  return {blockIdx.x / tilesPerRow * tileM, blockIdx.x % tilesPerRow * tileN};
}

}  // namespace nameplate
