// The transpose that packs a panel: rows of a matrix become columns, so that one step of K lies in one line.
//
// Squares of 16 bytes, in registers: moved one by one, the elements would take longer than a small GEMM.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace nameplate::cpu {

#ifdef __clang__
#define NAMEPLATE_SHUFFLE(left, right, ...) __builtin_shufflevector(left, right, __VA_ARGS__)
#else
#define NAMEPLATE_SHUFFLE(left, right, ...) __builtin_shuffle(left, right, Vector{__VA_ARGS__})
#endif

typedef std::uint32_t FourUnits __attribute__((vector_size(16)));
typedef std::uint64_t TwoUnits __attribute__((vector_size(16)));

// Rows are `stride` bytes apart in `from` and `columns` units in `to`; bits set in `flip` change.
template <class Unit, std::uint32_t flip>
inline void transposeSquare(const std::byte* from, std::size_t stride, Unit* to, std::size_t columns) {
  using Vector = std::conditional_t<sizeof(Unit) == 4, FourUnits, TwoUnits>;
  constexpr std::size_t side = sizeof(Vector) / sizeof(Unit);
  Vector rows[side], turned[side];
  for (std::size_t row = 0; row < side; ++row) std::memcpy(&rows[row], from + row * stride, sizeof(Vector));
  if constexpr (side == 4) {
    const Vector low01 = NAMEPLATE_SHUFFLE(rows[0], rows[1], 0, 4, 1, 5);
    const Vector low23 = NAMEPLATE_SHUFFLE(rows[2], rows[3], 0, 4, 1, 5);
    const Vector high01 = NAMEPLATE_SHUFFLE(rows[0], rows[1], 2, 6, 3, 7);
    const Vector high23 = NAMEPLATE_SHUFFLE(rows[2], rows[3], 2, 6, 3, 7);
    turned[0] = NAMEPLATE_SHUFFLE(low01, low23, 0, 1, 4, 5);
    turned[1] = NAMEPLATE_SHUFFLE(low01, low23, 2, 3, 6, 7);
    turned[2] = NAMEPLATE_SHUFFLE(high01, high23, 0, 1, 4, 5);
    turned[3] = NAMEPLATE_SHUFFLE(high01, high23, 2, 3, 6, 7);
  } else {
    turned[0] = NAMEPLATE_SHUFFLE(rows[0], rows[1], 0, 2);
    turned[1] = NAMEPLATE_SHUFFLE(rows[0], rows[1], 1, 3);
  }
  for (std::size_t row = 0; row < side; ++row) {
    if constexpr (flip != 0) turned[row] ^= flip;
    std::memcpy(to + row * columns, &turned[row], sizeof(Vector));
  }
}

// to[step][row] = from[row][step], with the bits of `flip` changed, for `rows` rows of `steps` units, and
// zero for rows up to `columns`. Goes through all rows cache line by cache line and asks for each row's next
// one: no processor foresees so many rows.
template <std::uint32_t flip = 0, class Unit>
void transposePanel(const std::byte* from, std::size_t stride, std::size_t rows, std::size_t steps, Unit* to,
                    std::size_t columns) {
  constexpr std::size_t side = 16 / sizeof(Unit), line = 64 / sizeof(Unit);
  const std::size_t wholeRows = rows / side * side, wholeSteps = steps / side * side;
  for (std::size_t first = 0; first < wholeSteps; first += line)
    for (std::size_t row = 0; row < wholeRows; row += side) {
      const std::byte* const at = from + row * stride + first * sizeof(Unit);
      for (std::size_t ahead = 0; ahead < side; ++ahead) __builtin_prefetch(at + ahead * stride + 64);
      for (std::size_t step = 0; step < line && first + step < wholeSteps; step += side)
        transposeSquare<Unit, flip>(at + step * sizeof(Unit), stride, to + (first + step) * columns + row,
                                    columns);
    }
  for (std::size_t row = 0; row < columns; ++row)
    for (std::size_t step = row < wholeRows ? wholeSteps : 0; step < steps; ++step)
      if (row < rows) {
        std::memcpy(to + step * columns + row, from + row * stride + step * sizeof(Unit), sizeof(Unit));
        if constexpr (flip != 0) to[step * columns + row] ^= flip;
      } else {
        to[step * columns + row] = 0;
      }
}

}  // namespace nameplate::cpu
