// The transpose that packs a panel of B, a part of a tile: rows of a matrix become columns, so that one step
// of K lies in one line. See tile_kernel.h, which defines NAMEPLATE_INLINE and NAMEPLATE_UNROLL.
//
// Squares as wide as a vector, in registers: moved one by one, the elements would take longer than a small
// GEMM.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

namespace nameplate::cpu {
namespace {

// What a tile multiplies, as integers, whose bits a move leaves as they are.
template <class Unit, int vectorBytes>
struct Square {
  using Word = std::conditional_t<sizeof(Unit) == 8, std::uint64_t, std::uint32_t>;
  typedef Word Vector __attribute__((vector_size(vectorBytes)));
  static constexpr std::size_t side = vectorBytes / sizeof(Unit);

  // Every other lane from `left` and `right` in turns, of their lower or their upper half.
  template <bool upper, std::size_t... lane>
  NAMEPLATE_INLINE Vector interleave(Vector left, Vector right, std::index_sequence<lane...>) {
    constexpr std::size_t first = upper ? side / 2 : 0;
#ifdef __clang__
    return __builtin_shufflevector(left, right, (first + lane / 2 + lane % 2 * side)...);
#else
    return __builtin_shuffle(left, right, Vector{static_cast<Word>(first + lane / 2 + lane % 2 * side)...});
#endif
  }

  // to[step][row] = from[row][step] with the bits of `flip` changed, for `rows` rows and `steps` steps, which
  // are at most as many as the square has; rows beyond are zero. Rows are `stride` bytes apart in `from` and
  // `columns` units in `to`, whose lines are written whole.
  NAMEPLATE_INLINE void transpose(const std::byte* from, std::size_t stride, std::size_t rows,
                                  std::size_t steps, Unit* to, std::size_t columns, Word flip) {
    Vector now[side], next[side];
    NAMEPLATE_UNROLL
    for (std::size_t row = 0; row < side; ++row) {
      now[row] = Vector{};
      if (row < rows) std::memcpy(&now[row], from + row * stride, steps * sizeof(Unit));
    }
    // Each turn moves one bit of the number of a row into that of its lane (H. S. Stone, "Parallel Processing
    // with the Perfect Shuffle", IEEE Transactions on Computers 1971).
    constexpr auto lanes = std::make_index_sequence<side>();
    NAMEPLATE_UNROLL
    for (std::size_t turn = 1; turn < side; turn *= 2) {
      NAMEPLATE_UNROLL
      for (std::size_t row = 0; row < side / 2; ++row) {
        next[2 * row] = interleave<false>(now[row], now[row + side / 2], lanes);
        next[2 * row + 1] = interleave<true>(now[row], now[row + side / 2], lanes);
      }
      NAMEPLATE_UNROLL
      for (std::size_t row = 0; row < side; ++row) now[row] = next[row];
    }
    NAMEPLATE_UNROLL
    for (std::size_t step = 0; step < side; ++step)
      if (step < steps) {
        now[step] ^= flip;
        std::memcpy(to + step * columns, &now[step], sizeof(Vector));
      }
  }
};

// to[step][row] = from[row][step], with the bits of `flip` changed, for `rows` rows of `steps` units; rows
// from there to `columns`, which is whole vectors, are there and mean nothing. Goes along a cache line's
// worth of rows, no more than the processor foresees, and writes whole lines; what comes next is asked for
// even so.
template <class Unit, int vectorBytes, std::uint32_t flip>
NAMEPLATE_TARGET void packPanel(const std::byte* from, std::size_t stride, std::size_t rows,
                                std::size_t steps, Unit* to, std::size_t columns) {
  using Piece = Square<Unit, vectorBytes>;
  constexpr std::size_t side = Piece::side, line = 64 / sizeof(Unit);
  for (std::size_t left = 0; left < columns; left += line)
    for (std::size_t first = 0; first < steps; first += line)
      for (std::size_t row = left; row < std::min(columns, left + line); row += side) {
        const std::byte* const at = from + row * stride + first * sizeof(Unit);
        const std::size_t high = row < rows ? std::min(side, rows - row) : 0;
        const std::byte* const next = first + line < steps ? at + 64 : from + (row + line) * stride;
        for (std::size_t ahead = 0; ahead < high; ++ahead) __builtin_prefetch(next + ahead * stride);
        // Units of several elements are multiplied so soon that memory is asked four squares ahead, at the
        // end of a row for the rows after it: 3 to 8 % of the time of bf16 and int8 at 256^3 on Zen 4. fp64
        // took 4 % longer so.
        if constexpr (std::is_integral_v<Unit>) {
          const std::size_t far = first + 4 * line;
          const std::byte* const later =
              far < steps ? at + 256
                          : from + (row + line) * stride + std::min(far - steps, steps) * sizeof(Unit);
          for (std::size_t ahead = 0; ahead < high; ++ahead) __builtin_prefetch(later + ahead * stride, 0, 2);
        }
        for (std::size_t step = 0; step < line && first + step < steps; step += side) {
          const std::byte* const corner = at + step * sizeof(Unit);
          Unit* const turned = to + (first + step) * columns + row;
          const std::size_t deep = std::min(side, steps - first - step);
          if (high == side && deep == side)
            Piece::transpose(corner, stride, side, side, turned, columns, flip);
          else
            Piece::transpose(corner, stride, high, deep, turned, columns, flip);
        }
      }
}

}  // namespace
}  // namespace nameplate::cpu
