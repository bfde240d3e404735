// The innermost tile of the GEMM, once per instruction set.
//
// The accumulators of one tile fill the processor's registers, so that each loaded value is used many times;
// how many registers there are, and how wide, is all that the instruction sets differ in here. The choice is
// made at run time and is named: one binary runs everywhere, and a report can say what it ran.
#pragma once

#include <cstddef>
#include <string_view>

namespace nameplate::cpu {

template <class T>
struct Tile {
  std::string_view path;      // "AVX-512"
  std::size_t rows, columns;  // of C
  // products[rows][columns] = the sum over `depth` steps of a[step][rows] times b[step][columns]; all packed,
  // b and products aligned to 64 bytes. Steps are summed in order.
  void (*multiply)(std::size_t depth, const T* a, const T* b, T* products);
};

inline constexpr std::size_t largestTileBytes = 12 * 2 * 64;

// The widest tile that this processor and its system run. T is float or double.
template <class T>
const Tile<T>& bestTile();

}  // namespace nameplate::cpu
