// The one design of the tile, to be included by one source file per instruction set.
//
// That file defines NAMEPLATE_TARGET, the attribute that makes the compiler use the set: a function can be
// inlined only where its own set is available, so a template shared between the files could not be.
// Everything here has internal linkage for the same reason.
#pragma once

#ifdef __x86_64__
#include <immintrin.h>
#endif

#include <algorithm>
#include <cstddef>
#include <utility>

#include "cpu/blocking.h"
#include "cpu/tile.h"

#ifdef __clang__
#define NAMEPLATE_UNROLL _Pragma("unroll")
#else
#define NAMEPLATE_UNROLL _Pragma("GCC unroll 16")
#endif
#define NAMEPLATE_INLINE [[gnu::always_inline]] NAMEPLATE_TARGET static inline

#include "cpu/panel.h"
#include "cpu/starts.h"

namespace nameplate::cpu {
namespace {

// What a tile does with one vector of b: `a` is in all lanes.
template <class T, int vectorBytes>
struct Plain {
  using Unit = T;
  using Sum = T;
  typedef T Vector __attribute__((vector_size(vectorBytes), may_alias));
  static constexpr bool started = false;
  // The one operation that leaves every number as it is, -0 too.
  NAMEPLATE_INLINE Vector broadcast(T a) { return a - Vector{}; }
  NAMEPLATE_INLINE Vector multiplyAdd(Vector sum, Vector a, Vector b) { return sum + a * b; }
};

// Says that `operand` is still needed here, so that no sum is put in its register. Between steps that are
// written out g++ 12 does so, and then moves sums from one to another: 88 instructions for 48 multiply-adds,
// and 86 so.
template <class Vector>
NAMEPLATE_INLINE void hold(const Vector& operand) {
#ifdef __x86_64__
  asm volatile("" : : "x"(operand));
#endif
}

template <class Vector>
NAMEPLATE_INLINE void storePastCaches(void* to, const Vector& vector) {
#ifdef __x86_64__
  if constexpr (sizeof vector == 64)
    return _mm512_stream_si512(static_cast<__m512i*>(to), reinterpret_cast<const __m512i&>(vector));
#endif
  __builtin_memcpy(to, &vector, sizeof vector);
}

// One step of one row: `a` is its element, b a vector for each of the sums.
template <class Arithmetic, bool holds, int vectors>
NAMEPLATE_INLINE void multiplyRow(typename Arithmetic::Vector (&sums)[vectors], const std::byte* a,
                                  const typename Arithmetic::Vector* b) {
  typename Arithmetic::Unit element;
  __builtin_memcpy(&element, a, sizeof element);
  const auto left = Arithmetic::broadcast(element);
  NAMEPLATE_UNROLL
  for (int vector = 0; vector < vectors; ++vector)
    sums[vector] = Arithmetic::multiplyAdd(sums[vector], left, b[vector]);
  if constexpr (holds) hold(left);
}

// And asks for what comes at `next`, as many bytes as it takes of a.
template <class Arithmetic, int steps, int rows, int vectors>
NAMEPLATE_INLINE void multiplySteps(typename Arithmetic::Vector (&sums)[rows][vectors], const std::byte* a,
                                    std::size_t stride, const typename Arithmetic::Vector* b,
                                    const std::byte* next) {
  using Unit = typename Arithmetic::Unit;
  NAMEPLATE_UNROLL
  for (std::size_t at = 0; at < steps * rows * sizeof(Unit); at += 64) __builtin_prefetch(next + at);
  NAMEPLATE_UNROLL
  for (int step = 0; step < steps; ++step) {
    NAMEPLATE_UNROLL
    for (int row = 0; row < rows; ++row)
      multiplyRow<Arithmetic, (steps > 1)>(sums[row], a + row * stride + step * sizeof(Unit),
                                           b + step * vectors);
    if constexpr (steps > 1) {
      NAMEPLATE_UNROLL
      for (int vector = 0; vector < vectors; ++vector) hold(b[step * vectors + vector]);
    }
  }
}

template <Store store, class Vector, int vectors>
NAMEPLATE_INLINE void storeRow(const Vector (&sums)[vectors], std::byte* c) {
  NAMEPLATE_UNROLL
  for (int vector = 0; vector < vectors; ++vector, c += sizeof(Vector)) {
    Vector sum = sums[vector];
    if constexpr (store == Store::add) {
      Vector before;
      __builtin_memcpy(&before, c, sizeof before);
      sum += before;
    }
    if constexpr (store == Store::stream)
      storePastCaches(c, sum);
    else
      __builtin_memcpy(c, &sum, sizeof sum);
  }
}

// Whether it can round a row of sums to the format of C while they are in registers.
template <class Arithmetic>
constexpr bool storesEncoded = requires { &Arithmetic::template storeEncoded<2>; };

// The last steps, row by row, each stored before the next is multiplied: stored one after the other, the sums
// of a tile took 40 clocks on Zen 4 in which nothing was multiplied, and so they take next to none.
template <class Arithmetic, int steps, int rows, int vectors>
NAMEPLATE_INLINE void finish(typename Arithmetic::Vector (&sums)[rows][vectors], const std::byte* a,
                             std::size_t stride, const typename Arithmetic::Vector* b, std::byte* c,
                             std::size_t strideOfC, Store store) {
  NAMEPLATE_UNROLL
  for (int row = 0; row < rows; ++row, a += stride, c += strideOfC) {
    NAMEPLATE_UNROLL
    for (int step = 0; step < steps; ++step)
      multiplyRow<Arithmetic, false>(sums[row], a + step * sizeof(typename Arithmetic::Unit),
                                     b + step * vectors);
    // Or the compiler would put off the stores, and find the addresses of all rows first, in registers that
    // are not there.
    asm volatile("" : "+r"(a), "+r"(c) : : "memory");
    if constexpr (storesEncoded<Arithmetic>)
      if (store == Store::encode) {
        Arithmetic::storeEncoded(sums[row], c);
        continue;
      }
    if (store == Store::stream)
      storeRow<Store::stream>(sums[row], c);
    else if (store == Store::add)
      storeRow<Store::add>(sums[row], c);
    else
      storeRow<Store::write>(sums[row], c);
  }
}

template <class Arithmetic, int steps, int rows, int vectors>
NAMEPLATE_TARGET void multiplyTile(std::size_t depth, Rows a, Rows next,
                                   const typename Arithmetic::Unit* panel,
                                   const typename Arithmetic::Sum* starts, void* c, std::size_t strideOfC,
                                   Store store) {
  using Unit = typename Arithmetic::Unit;
  using Vector = typename Arithmetic::Vector;
  const auto* b = reinterpret_cast<const Vector*>(panel);
  Vector sums[rows][vectors] = {};
  if constexpr (Arithmetic::started) {
    NAMEPLATE_UNROLL
    for (int row = 0; row < rows; ++row) {
      NAMEPLATE_UNROLL
      for (int vector = 0; vector < vectors; ++vector) sums[row][vector] += starts[row];
    }
  }
  // Rows that lie far apart begin where the processor does not foresee it, and waiting for them took 2 to 4 %
  // of the time on Zen 4. So the steps are cut into a part for each row of `next`, of which they ask for a
  // little each: all at once would hold up the loads that are waited for. Short rows are taken for one, as if
  // nothing lay between them: so short parts took 2 % themselves. The lines of c, which was last touched long
  // ago, are asked for likewise.
  const std::byte* at = a.first;
  constexpr int lastSteps = sizeof(Vector) == 64 ? 3 : 0;  // narrower stores took no time of their own
  const bool finishes = depth > lastSteps;
  const Vector* const end = b + (depth - (finishes ? lastSteps : 0)) * vectors;
  const bool parted = depth > 256;
  const std::size_t part = (parted ? roundUp(divideUp(depth, rows), steps) : depth) * vectors;
  const int askedRows = store == Store::stream || store == Store::encode ? 0 : parted ? 1 : rows;
  auto* const out = static_cast<std::byte*>(c);
  const std::byte* asked = out;
  for (; b != end; next.first += next.stride) {
    const Vector* const partEnd = b + std::min(part, static_cast<std::size_t>(end - b));
    const std::byte* ahead = next.first;
    for (int row = 0; row < askedRows; ++row, asked += strideOfC)
      for (std::size_t at = 0; at < vectors * sizeof(Vector); at += 64) __builtin_prefetch(asked + at, 1);
    if constexpr (steps > 1)
      for (const Vector* const whole = b + (partEnd - b) / (steps * vectors) * (steps * vectors); b != whole;
           at += steps * sizeof(Unit), ahead += steps * rows * sizeof(Unit), b += steps * vectors)
        multiplySteps<Arithmetic, steps>(sums, at, a.stride, b, ahead);
    // Tested at its end, so that a step takes one branch: with a jump to a test elsewhere, Zen 5 took up to
    // 13 clocks for what takes 12.
    if (b != partEnd) {
      do {
        multiplySteps<Arithmetic, 1>(sums, at, a.stride, b, ahead);
        at += sizeof(Unit), ahead += rows * sizeof(Unit), b += vectors;
      } while (b != partEnd);
    }
  }
  if (finishes)
    finish<Arithmetic, lastSteps>(sums, at, a.stride, b, out, strideOfC, store);
  else
    finish<Arithmetic, 0>(sums, at, a.stride, b, out, strideOfC, store);
}

// One function for each height and width of a tile: which of them is known where the tile is called.
template <class Arithmetic, int steps, int rows, std::size_t... vectors>
constexpr auto widthsOf(std::index_sequence<vectors...>) {
  return MultiplyWidths<typename Arithmetic::Unit, typename Arithmetic::Sum>{
      multiplyTile<Arithmetic, steps, rows, vectors + 1>...};
}
template <class Arithmetic, int steps, int vectors, std::size_t... rows>
constexpr auto heightsOf(std::index_sequence<rows...>) {
  return MultiplyHeights<typename Arithmetic::Unit, typename Arithmetic::Sum>{
      widthsOf<Arithmetic, steps, rows + 1>(std::make_index_sequence<vectors>())...};
}

// `steps` of K are written out in the loop.
template <class Arithmetic, int rows, int vectors = 3, int steps = 1>
constexpr auto tileOf(std::string_view path) {
  using Unit = typename Arithmetic::Unit;
  constexpr std::size_t lanes = sizeof(typename Arithmetic::Vector) / sizeof(Unit);
  // Where an instruction multiplies uint8 by int8, b gets 128 added, which is a flip of its highest bit.
  constexpr std::uint32_t flip = Arithmetic::started ? 0x80808080u : 0;
  Tile<Unit, typename Arithmetic::Sum> tile{
      path,
      rows,
      vectors * lanes,
      lanes,
      heightsOf<Arithmetic, steps, vectors>(std::make_index_sequence<rows>()),
      packPanel<Unit, lanes * sizeof(Unit), flip>};
  if constexpr (Arithmetic::started) tile.start = startFromMinus128<Arithmetic>;
  tile.storesEncoded = storesEncoded<Arithmetic>;
  return tile;
}

}  // namespace
}  // namespace nameplate::cpu
