// How the GEMM kernels divide C into tiles and read their operands: 16 bytes of one row at a time, with zeros
// beyond the end of K.
//
// Zeros add nothing to a dot product, so the arithmetic needs no edge cases; only loads and stores do. A
// vector load needs a 16-byte boundary, which an odd leading dimension or a pointer into a matrix does not
// give, so such operands, and the last bytes of a row, are read element by element.
#pragma once

#include <cstring>

namespace nameplate {

inline constexpr unsigned chunkBytes = 16;

// Whether every chunk of a matrix starts on a boundary that vector loads can take.
template <typename Element>
__device__ __forceinline__ bool alignedChunks(const void* data, unsigned long long ld) {
  return (reinterpret_cast<unsigned long long>(data) | (ld * sizeof(Element))) % chunkBytes == 0;
}

// The chunk at `from`, of which `left` elements are there; the others are zero.
template <typename Element>
__device__ __forceinline__ uint4 loadChunk(const Element* from, unsigned long long left, bool aligned) {
  constexpr unsigned chunk = chunkBytes / sizeof(Element);
  if (aligned && left >= chunk) return *reinterpret_cast<const uint4*>(from);
  Element elements[chunk];
#pragma unroll
  for (unsigned i = 0; i < chunk; ++i) elements[i] = i < left ? from[i] : Element{};
  uint4 bits;
  std::memcpy(&bits, elements, chunkBytes);
  return bits;
}

// `rows` rows of `k` elements, `ld` elements apart; rows beyond are zero.
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
        aligned(alignedChunks<Element>(data, ld)) {}

  // The chunk of row `row` that starts at element `at`.
  __device__ __forceinline__ uint4 load(unsigned long long row, unsigned long long at) const {
    if (row >= rows || at >= k) return uint4{0, 0, 0, 0};
    return loadChunk(data + row * ld + at, k - at, aligned);
  }
};

// The first row and column of C that a block computes.
struct Corner {
  unsigned long long row, column;
};

// Blocks run roughly in the order of their numbers. Numbered down groups of eight rows of tiles, those that
// run together need few rows of A and of B, which the L2 then holds for all of them.
template <unsigned tileM, unsigned tileN>
__device__ __forceinline__ Corner corner(unsigned long long m, unsigned long long n) {
  // A grid has fewer than 2^31 blocks, and each of these counts fits one.
  const auto down = static_cast<unsigned>((m + tileM - 1) / tileM);
  const auto across = static_cast<unsigned>((n + tileN - 1) / tileN);
  const unsigned groupRows = down < 8 ? down : 8;
  const unsigned first = blockIdx.x / (groupRows * across) * groupRows;
  const unsigned rows = down - first < groupRows ? down - first : groupRows;
  const unsigned within = blockIdx.x % (groupRows * across);
  return {static_cast<unsigned long long>(first + within % rows) * tileM,
          static_cast<unsigned long long>(within / rows) * tileN};
}

}  // namespace nameplate
