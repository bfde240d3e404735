// The one design of the tile, to be included by one source file per instruction set.
//
// That file defines NAMEPLATE_TARGET, the attribute that makes the compiler use the set: a function can be
// inlined only where its own set is available, so a template shared between the files could not be.
// Everything here has internal linkage for the same reason.
#pragma once

#include "cpu/tile.h"

#ifdef __clang__
#define NAMEPLATE_UNROLL _Pragma("unroll")
#else
#define NAMEPLATE_UNROLL _Pragma("GCC unroll 16")
#endif
#define NAMEPLATE_INLINE [[gnu::always_inline]] NAMEPLATE_TARGET static inline

namespace nameplate::cpu {
namespace {

// What a tile does with one vector of b: `a` is broadcast to all lanes.
template <class T, int vectorBytes>
struct Plain {
  using Unit = T;
  using Sum = T;
  typedef T Vector __attribute__((vector_size(vectorBytes), may_alias));
  static constexpr bool started = false;
  NAMEPLATE_INLINE Vector multiplyAdd(Vector sum, const T& a, Vector b) { return sum + a * b; }
};

// The sums are written to memory that was last touched long ago. Its lines are asked for this many steps
// before they are needed: long enough to arrive, and late enough not to be pushed out again by a and b.
constexpr std::size_t prefetched = 64;

template <class Arithmetic, int rows, int vectors>
NAMEPLATE_TARGET void multiplyVectors(std::size_t depth, const std::byte* a, std::size_t stride,
                                      const typename Arithmetic::Unit* panel, typename Arithmetic::Sum* c,
                                      std::size_t ldc, bool add) {
  using Unit = typename Arithmetic::Unit;
  using Vector = typename Arithmetic::Vector;
  constexpr int lanes = sizeof(Vector) / sizeof(Unit);
  const auto* b = reinterpret_cast<const Vector*>(panel);
  Vector sums[rows][vectors] = {};
  if constexpr (Arithmetic::started) {
    for (int row = 0; row < rows; ++row)
      for (int vector = 0; vector < vectors; ++vector) sums[row][vector] = b[vector];
    b += vectors;
  }
  const auto run = [&](std::size_t steps) NAMEPLATE_TARGET __attribute__((always_inline)) {
    for (std::size_t step = 0; step < steps; ++step, a += sizeof(Unit), b += vectors) {
      NAMEPLATE_UNROLL
      for (int row = 0; row < rows; ++row) {
        Unit left;
        __builtin_memcpy(&left, a + row * stride, sizeof left);
        NAMEPLATE_UNROLL
        for (int vector = 0; vector < vectors; ++vector)
          sums[row][vector] = Arithmetic::multiplyAdd(sums[row][vector], left, b[vector]);
      }
    }
  };
  const std::size_t last = depth < prefetched ? depth : prefetched;
  run(depth - last);
  for (int row = 0; row < rows; ++row)
    for (int vector = 0; vector < vectors; ++vector) __builtin_prefetch(c + row * ldc + vector * lanes, 1);
  run(last);
  NAMEPLATE_UNROLL
  for (int row = 0; row < rows; ++row) {
    NAMEPLATE_UNROLL
    for (int vector = 0; vector < vectors; ++vector) {
      typename Arithmetic::Sum* const to = c + row * ldc + vector * lanes;
      Vector before = {};
      if (add) __builtin_memcpy(&before, to, sizeof before);
      before += sums[row][vector];
      __builtin_memcpy(to, &before, sizeof before);
    }
  }
}

template <class Arithmetic, int rows>
NAMEPLATE_TARGET void multiplyRows(std::size_t vectors, std::size_t depth, const std::byte* a,
                                   std::size_t stride, const typename Arithmetic::Unit* b,
                                   typename Arithmetic::Sum* c, std::size_t ldc, bool add) {
  const auto multiply = vectors == 3   ? multiplyVectors<Arithmetic, rows, 3>
                        : vectors == 2 ? multiplyVectors<Arithmetic, rows, 2>
                                       : multiplyVectors<Arithmetic, rows, 1>;
  multiply(depth, a, stride, b, c, ldc, add);
}

template <class Arithmetic, int most>
void multiplyTile(std::size_t rows, std::size_t vectors, std::size_t depth, const std::byte* a,
                  std::size_t stride, const typename Arithmetic::Unit* b, typename Arithmetic::Sum* c,
                  std::size_t ldc, bool add) {
  if (rows == most) return multiplyRows<Arithmetic, most>(vectors, depth, a, stride, b, c, ldc, add);
  for (std::size_t row = 0; row < rows; ++row)
    multiplyRows<Arithmetic, 1>(vectors, depth, a + row * stride, stride, b, c + row * ldc, ldc, add);
}

// An instruction that multiplies uint8 by int8 is given a + 128, and the sums start from -128 times those of
// b.
template <class Arithmetic>
NAMEPLATE_TARGET void startFromMinus128(std::size_t vectors, std::size_t depth, std::uint32_t* panel) {
  auto* const b = reinterpret_cast<typename Arithmetic::Vector*>(panel);
  for (std::size_t vector = 0; vector < vectors; ++vector) {
    typename Arithmetic::Vector sum = {};
    for (std::size_t step = 1; step <= depth; ++step)
      sum = Arithmetic::multiplyAdd(sum, 0x80808080u, b[step * vectors + vector]);
    b[vector] = -sum;
  }
}

template <class Arithmetic, int rows>
constexpr auto tileOf(std::string_view path) {
  using Unit = typename Arithmetic::Unit;
  constexpr std::size_t lanes = sizeof(typename Arithmetic::Vector) / sizeof(Unit);
  Tile<Unit, typename Arithmetic::Sum> tile{path, rows, 3 * lanes, lanes, multiplyTile<Arithmetic, rows>};
  if constexpr (Arithmetic::started) tile.start = startFromMinus128<Arithmetic>;
  return tile;
}

}  // namespace
}  // namespace nameplate::cpu
