// The innermost tile of the GEMM, once per instruction set.
//
// The accumulators of one tile fill the processor's registers, so that each loaded value is used many times;
// how many registers there are, how wide, and what one multiply-add takes is all that the instruction sets
// differ in here. The choice is made at run time and is named: one binary runs everywhere, and a report can
// say what it ran.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace nameplate::cpu {

// What becomes of c: it is overwritten, added to, or overwritten past the caches, which saves reading the
// lines first, by the sums or by what they are in the format of C. Lines that go past the caches have to be
// written whole, so c and its rows are aligned to 64 bytes.
enum class Store : std::uint8_t { write, add, stream, encode };

inline constexpr std::size_t mostRows = 8, mostVectors = 4, mostColumns = mostVectors * 64 / sizeof(float);

// Rows of A, as they lie or copied, not aligned.
struct Rows {
  const std::byte* first;
  std::size_t stride;  // bytes
};

// c[rows][vectors * lanes] becomes the sum over `depth` steps of a[row][step] times b[step][column], in their
// order. c holds Sums, or what they are encoded as; its rows are `stride` bytes apart, and not aligned unless
// they go past the caches. b is packed and aligned to 64 bytes. `next`, as many rows as a, is prefetched
// meanwhile.
template <class Unit, class Sum>
using Multiply = void (*)(std::size_t depth, Rows a, Rows next, const Unit* b, const Sum* starts, void* c,
                          std::size_t stride, Store);
template <class Unit, class Sum>
using MultiplyWidths = std::array<Multiply<Unit, Sum>, mostVectors>;
template <class Unit, class Sum>
using MultiplyHeights = std::array<MultiplyWidths<Unit, Sum>, mostRows>;

// Unit is what one lane of a vector multiplies in one step: an fp32, an fp64, two bf16 or four int8. Sum is
// what it adds them up in.
template <class Unit, class Sum>
struct Tile {
  std::string_view path;      // "AVX-512"
  std::size_t rows, columns;  // of C
  std::size_t lanes;          // of a vector; fewer columns than `columns` are computed by whole vectors

  // For each number of rows and of vectors that the tile can have, [rows - 1][vectors - 1].
  MultiplyHeights<Unit, Sum> multiply;
  // to[step][row] = from[row][step] for `rows` rows of `steps` units, `stride` bytes apart, where `columns`,
  // the rows' number in whole vectors, make a step of what is multiplied as b; what lies beyond `rows` in it
  // is any number.
  void (*pack)(const std::byte* from, std::size_t stride, std::size_t rows, std::size_t steps, Unit* to,
               std::size_t columns);
  // Where not null, the sums of each row begin with what this finds for it, since b is packed as int8 + 128.
  void (*start)(std::size_t rows, std::size_t depth, const std::byte* a, std::size_t stride,
                Sum* starts) = nullptr;
  bool storesEncoded = false;  // whether it has Store::encode, for panels of whole lines of C
};

using Fp32Tile = Tile<float, float>;
using Fp64Tile = Tile<double, double>;
using Bf16Tile = Tile<std::uint32_t, float>;
using Int8Tile = Tile<std::uint32_t, std::uint32_t>;  // packed b holds uint8, which is int8 + 128; sums wrap

// Instruction sets that this processor has and its system has switched on.
struct Instructions {
  bool avx = false, avx2 = false, avxVnni = false, avx512 = false, avx512Bf16 = false, avx512Vnni = false;
};
Instructions instructions();

// The widest tile for each kind of unit; bf16 and int8 have none where no instruction multiplies them.
struct Tiles {
  Fp32Tile fp32;
  Fp64Tile fp64;
  std::optional<Bf16Tile> bf16;
  std::optional<Int8Tile> int8;
};
Tiles tilesFor(const Instructions&);

}  // namespace nameplate::cpu
