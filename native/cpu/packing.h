// What the tiles of a blocked GEMM read: columns of B, packed into panels, and rows of A, in strips, where
// they lie or from copies. Elements that the tile does not multiply as they are stored are decoded on the
// way, and a row that ends within a unit of several is filled up with zeros.
#pragma once

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

#include "backend.h"
#include "cpu/blocking.h"
#include "cpu/formats.h"
#include "cpu/memory.h"
#include "cpu/threads.h"
#include "cpu/tile.h"

namespace nameplate::cpu {

// Columns of B, as wide as a tile, in one slice of K.
template <class Unit>
struct Panel {
  std::size_t column, inBlock;  // of C, and of the block
  std::size_t width, vectors;
  Unit* packed;
};

// Rows of A, as high as a tile, in one slice of K.
template <class Sum>
struct Strip {
  std::size_t slice, row, height;
  Rows a, next;  // of this strip, and of the one that takes its turn after it, or of this one again
  std::array<Sum, mostRows> starts;
  Sum* sums;  // of the columns that are encoded next, rows `ld` apart, where they still have to be
  std::size_t ld;
};

// Throws ENOMEM.
inline std::size_t product(std::size_t left, std::size_t right) {
  std::size_t result;
  if (__builtin_mul_overflow(left, right, &result))
    throw Error("ENOMEM", "the GEMM's packed operands would exceed the address space: use a smaller shape");
  return result;
}

template <class Format, class T>
class Packing {
  using Unit = typename Format::Unit;
  using Sum = typename Format::Sum;
  using Stored = typename Format::Stored;
  using Element = typename Format::Element;

 public:
  static constexpr std::size_t perUnit = sizeof(Unit) / sizeof(Element);

  Packing(const GemmShape& shape, const Blocking& blocking, const T& tile, Threads& threads)
      : shape_(shape), blocking_(blocking), tile_(tile), threads_(threads) {
    if (Format::rawLeft && shape.k % perUnit == 0) return;
    copiedA_ = std::make_unique<HostBuffer>(product(product(shape.m, blocking.units), sizeof(Unit)), threads);
  }

  // To be called before the strips of a launch are asked for.
  void copyA(const Operands& operands) const {
    if (!copiedA_) return;
    threads_.parallel(blocking_.tiles, [&](std::size_t tile) {
      for (std::size_t row = tile * tile_.rows; row < std::min(shape_.m, (tile + 1) * tile_.rows); ++row)
        convert(reinterpret_cast<const Stored*>(operands.a) + row * shape_.lda, 0, blocking_.units,
                copiedA_->template as<Unit>() + row * blocking_.units, Format::left);
    });
  }

  // The strip after it begins in row `next`.
  Strip<Sum> strip(const Operands& operands, std::size_t slice, std::size_t row, std::size_t height,
                   std::size_t next) const {
    const std::size_t stride = copiedA_ ? blocking_.units * sizeof(Unit) : shape_.lda * sizeof(Stored);
    const auto* const a = reinterpret_cast<const std::byte*>(copiedA_ ? copiedA_->address() : operands.a) +
                          slice * blocking_.depth * sizeof(Unit);
    Strip<Sum> strip{slice, row,     height, {a + row * stride, stride}, {a + next * stride, stride},
                     {},    nullptr, 0};
    if (tile_.start)
      tile_.start(height, blocking_.depthOf(slice), strip.a.first, stride, strip.starts.data());
    return strip;
  }

  // In bytes, with a line between, or all rows would meet in the same few sets of a cache.
  std::size_t nearStride() const { return blocking_.depth * sizeof(Unit) + 64; }

  // Copies the strip to where its rows lie close together, nearStride() apart.
  void bringNear(Strip<Sum>& strip, std::byte* to) const {
    for (std::size_t i = 0; i < strip.height; ++i)
      std::memcpy(to + i * nearStride(), strip.a.first + i * strip.a.stride,
                  blocking_.depthOf(strip.slice) * sizeof(Unit));
    strip.a = {to, nearStride()};
  }

  void pack(const Operands& operands, std::size_t slice, const Panel<Unit>& panel) const {
    const auto* const b = reinterpret_cast<const Stored*>(operands.b) + panel.column * shape_.ldb;
    const std::size_t first = slice * blocking_.depth, across = panel.vectors * tile_.lanes;
    // What is whole units in memory is packed from there, the rest by way of `converted`.
    const std::size_t raw =
        Format::rawRight ? std::min(blocking_.depthOf(slice), shape_.k / perUnit - first) : 0;
    tile_.pack(reinterpret_cast<const std::byte*>(b + first * perUnit), shape_.ldb * sizeof(Stored),
               panel.width, raw, panel.packed, across);
    constexpr std::size_t atATime = 64;  // units of K
    alignas(64) std::array<Unit, mostColumns * atATime> converted;
    for (std::size_t step = raw; step < blocking_.depthOf(slice); step += atATime) {
      const std::size_t units = std::min(atATime, blocking_.depthOf(slice) - step);
      for (std::size_t row = 0; row < panel.width; ++row)
        convert(b + row * shape_.ldb, first + step, units, converted.data() + row * atATime, Format::right);
      tile_.pack(reinterpret_cast<const std::byte*>(converted.data()), atATime * sizeof(Unit), panel.width,
                 units, panel.packed + step * across, across);
    }
  }

 private:
  // `units` units of a row of K from the unit `first` on; what lies beyond the row's end becomes zero.
  template <class Convert>
  void convert(const Stored* row, std::size_t first, std::size_t units, Unit* to, Convert element) const {
    const std::size_t from = first * perUnit, count = std::min(units * perUnit, shape_.k - from);
    auto* const elements = reinterpret_cast<Element*>(to);
    if constexpr (requires { Format::decode(row, elements, count); })
      Format::decode(row + from, elements, count);
    else
      for (std::size_t at = 0; at < count; ++at) elements[at] = element(row[from + at]);
    for (std::size_t at = count; at < units * perUnit; ++at) elements[at] = 0;
  }

  GemmShape shape_;
  Blocking blocking_;
  T tile_;
  Threads& threads_;
  std::unique_ptr<HostBuffer> copiedA_;  // where A is not units as it lies
};

}  // namespace nameplate::cpu
