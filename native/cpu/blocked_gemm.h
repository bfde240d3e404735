// C is dealt to the threads in blocks. For each slice of K, a thread packs its block's columns of B into
// panels as wide as the tile, in the order in which the tile reads them; they stay in a cache while the
// block's rows of A go by, and the rows of one tile, or of a few that take turns with each panel, stay in a
// nearer one while they meet all panels. Blocks are as high as lets their slice of A stay in the last level,
// where the next block of the same rows finds it: memory is far, and far more so where a hypervisor keeps
// small pages, each of which is looked up on the way. Three plain loops would read B from memory once per row
// of A. The scheme is Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication", ACM TOMS
// 2008, with A and B exchanged: B has to be transposed for the tile, and A, whose elements it broadcasts one
// by one, is read where it lies, or from a copy whose rows lie close together.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include "backend.h"
#include "cpu/blocking.h"
#include "cpu/formats.h"
#include "cpu/memory.h"
#include "cpu/page_prefetch.h"
#include "cpu/threads.h"
#include "cpu/tile.h"

namespace nameplate::cpu {

inline std::size_t product(std::size_t left, std::size_t right) {
  std::size_t result;
  if (__builtin_mul_overflow(left, right, &result))
    throw Error("ENOMEM", "the GEMM's packed operands would exceed the address space: use a smaller shape");
  return result;
}

template <class Format, class T>
class BlockedGemm {
  using Unit = typename Format::Unit;
  using Sum = typename Format::Sum;
  using Total = typename Format::Total;
  using Stored = typename Format::Stored;
  using Element = typename Format::Element;
  using Output = typename Format::Output;
  static constexpr std::size_t perUnit = sizeof(Unit) / sizeof(Element);
  // The tile itself may add up any number of products, and do so in C.
  static constexpr bool unbounded = Format::depth == NativeFormat<float>::depth;
  static constexpr bool direct = unbounded && std::is_same_v<Sum, Output>;
  static constexpr bool encodes = unbounded && !direct;

 public:
  BlockedGemm(const GemmShape& shape, Threads& threads, const T& tile)
      : shape_(shape),
        threads_(threads),
        tile_(tile),
        blocking_(blockingOf(shape.m, shape.n, divideUp(shape.k, perUnit),
                             {tile.rows, tile.columns, tile.lanes, sizeof(Unit)},
                             {threads.count(), threads.alike()})),
        ldt_(blocking_.vectors * tile.lanes),
        ldp_(blocking_.blockVectors * tile.lanes),
        panelUnits_(tile.columns * blocking_.depth),
        blockUnits_(product(divideUp(ldp_, tile.columns), panelUnits_)) {
    packedB_ = buffer(product(blocking_.workers, blockUnits_), sizeof(Unit));
    if (copiesA()) copiedA_ = buffer(product(shape.m, blocking_.units), sizeof(Unit));
    if (!direct && (blocking_.slices > 1 || Format::depth < shape.k))
      totals_ = buffer(product(shape.m, ldt_), sizeof(Total));
    else if (encodes)
      sums_ = buffer(product(blocking_.workers, groupSums()), sizeof(Sum));
    // A row of A that meets few columns is read where it lies for less than its copy costs.
    if (blocking_.groupTiles > 1 && ldp_ >= 256)
      strips_ = buffer(product(blocking_.workers, groupRows()), stripStride());
    // Lines that are read in order to be written are taken back and forth by the prefetching of several
    // cores. So C is written past the caches, unless the first-level one would keep it for whoever reads it
    // next.
    streams_ = direct && blocking_.slices == 1 && tile.lanes * sizeof(Unit) == 64 &&
               shape.ldc * sizeof(Output) % 64 == 0 &&
               shape.m > coreCaches().level1 / sizeof(Output) / std::max<std::size_t>(1, shape.n);
  }

  std::size_t workers() const { return blocking_.workers; }

  void launch(const Operands& operands) const {
    if (copiesA())
      threads_.parallel(blocking_.tiles, [&](std::size_t tile) {
        for (std::size_t row = tile * tile_.rows; row < std::min(shape_.m, (tile + 1) * tile_.rows); ++row)
          convert(reinterpret_cast<const Stored*>(operands.a) + row * shape_.lda, 0, blocking_.units,
                  copiedA_->template as<Unit>() + row * blocking_.units, Format::left);
      });
    const std::size_t blocks = blocking_.blocks(), columns = blocking_.columnBlocks,
                      slices = blocking_.slices;
    std::atomic<std::size_t> next = 0;
    std::vector<std::atomic<std::size_t>> done(blocking_.sliceBySlice ? blocks : 0);  // slices of each block
    threads_.parallel(blocking_.workers, [&](std::size_t worker) {
      const Own own{
          packedB_->template as<Unit>() + worker * blockUnits_,
          strips_ ? strips_->template as<std::byte>() + worker * groupRows() * stripStride() : nullptr,
          sums_ ? sums_->template as<Sum>() + worker * groupSums() : nullptr};
      const auto multiply = [&](std::size_t block, std::size_t slice) {
        multiplyBlock(operands, block / columns, block % columns, slice, own);
      };
      if (!blocking_.sliceBySlice) {
        for (std::size_t block = next++; block < blocks; block = next++)
          for (std::size_t slice = 0; slice < slices; ++slice) multiply(block, slice);
        return;
      }
      for (std::size_t item = next++; item < blocks * slices; item = next++) {
        const std::size_t slice = item / columns % slices;
        const std::size_t block = item / columns / slices * columns + item % columns;
        while (done[block] < slice) std::this_thread::yield();  // rare: it was begun many blocks ago
        multiply(block, slice);
        ++done[block];
      }
    });
  }

 private:
  static constexpr std::size_t strip = 64;  // units of K that are converted at a time

  std::unique_ptr<HostBuffer> buffer(std::size_t count, std::size_t bytes) const {
    return std::make_unique<HostBuffer>(product(count, bytes), threads_);
  }

  // What a thread has for itself; null where it is not needed.
  struct Own {
    Unit* packed;       // a block of B
    std::byte* strips;  // a group of A's
    Sum* sums;          // of a group, still to be encoded
  };

  std::size_t groupRows() const { return blocking_.groupTiles * tile_.rows; }
  std::size_t groupSums() const { return groupRows() * ldp_; }
  // In bytes, with a line between, or all rows would meet in the same few sets of a cache.
  std::size_t stripStride() const { return blocking_.depth * sizeof(Unit) + 64; }
  bool copiesA() const { return !Format::rawLeft || shape_.k % perUnit != 0; }

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

  void multiplyBlock(const Operands& operands, std::size_t rowBlock, std::size_t columnBlock,
                     std::size_t slice, const Own& own) const {
    const std::size_t firstRow = blocking_.firstTile(rowBlock) * tile_.rows;
    const std::size_t endRow = std::min(shape_.m, blocking_.firstTile(rowBlock + 1) * tile_.rows);
    const std::size_t firstColumn = blocking_.firstVector(columnBlock) * tile_.lanes;
    const std::size_t endColumn = std::min(shape_.n, blocking_.firstVector(columnBlock + 1) * tile_.lanes);
    const auto panels = [&](const auto& visit) {
      Unit* packed = own.packed;
      for (std::size_t column = firstColumn; column < endColumn;
           column += tile_.columns, packed += panelUnits_) {
        const std::size_t width = std::min(tile_.columns, endColumn - column);
        visit(Panel{column, column - firstColumn, width, divideUp(width, tile_.lanes), packed});
      }
    };
    panels([&](const Panel& panel) { packPanel(operands, slice, panel); });
    // No tile prefetches what it writes past the caches.
    const bool pastCaches = slice + 1 == blocking_.slices && (streams_ || encodes);
    Output* const c = reinterpret_cast<Output*>(operands.out) + firstColumn;
    for (std::size_t top = firstRow; top < endRow; top += groupRows()) {
      const std::size_t below = std::min(top + groupRows(), endRow), wide = endColumn - firstColumn;
      std::array<Strip, mostGroupTiles> group;
      const std::size_t strips = divideUp(below - top, tile_.rows);
      for (std::size_t i = 0; i < strips; ++i) {
        const std::size_t above = i * tile_.rows, row = top + above;
        group[i] = stripOf(operands, slice, row, std::min(tile_.rows, below - row));
        if (own.strips) copyStrip(group[i], own.strips + above * stripStride());
        if constexpr (encodes) {  // a row of the block at a time, whose lines come whole
          group[i].ld = own.sums ? ldp_ : ldt_;
          group[i].sums =
              own.sums ? own.sums + above * ldp_ : totals_->template as<Total>() + row * ldt_ + firstColumn;
        }
      }
      PagePrefetch pages(reinterpret_cast<const std::byte*>(c + below * shape_.ldc),
                         pastCaches ? std::min(groupRows(), endRow - below) : 0, shape_.ldc * sizeof(Output),
                         wide * sizeof(Output));
      panels([&](const Panel& panel) {
        pages.advance(panel.inBlock + panel.width, wide);
        for (std::size_t i = 0; i < strips; ++i) multiplyTile(operands, group[i], panel);
      });
      if constexpr (encodes)
        if (slice + 1 == blocking_.slices)
          for (std::size_t i = 0; i < strips; ++i)
            Format::encode(group[i].sums, group[i].ld, c + group[i].row * shape_.ldc, shape_.ldc,
                           group[i].height, wide);
    }
    std::atomic_thread_fence(std::memory_order_seq_cst);  // what was streamed is in no other order
  }

  // Columns of B, as wide as a tile, in one slice of K.
  struct Panel {
    std::size_t column, inBlock;  // of C, and of the block
    std::size_t width, vectors;
    Unit* packed;
  };

  // Rows of A, as high as a tile, in one slice of K.
  struct Strip {
    std::size_t slice, row, height;
    const std::byte* a;
    std::size_t stride;  // bytes
    std::array<Sum, mostRows> starts;
    Sum* sums;  // of the block's columns, rows `ld` apart, where they are still to be encoded
    std::size_t ld;
  };

  Strip stripOf(const Operands& operands, std::size_t slice, std::size_t row, std::size_t height) const {
    const std::size_t stride = copiesA() ? blocking_.units * sizeof(Unit) : shape_.lda * sizeof(Stored);
    const auto* const rows =
        reinterpret_cast<const std::byte*>(copiesA() ? copiedA_->address() : operands.a) + row * stride;
    Strip strip{slice, row, height, rows + slice * blocking_.depth * sizeof(Unit), stride, {}, nullptr, 0};
    if (tile_.start) tile_.start(height, blocking_.depthOf(slice), strip.a, stride, strip.starts.data());
    return strip;
  }

  void copyStrip(Strip& strip, std::byte* to) const {
    for (std::size_t i = 0; i < strip.height; ++i)
      std::memcpy(to + i * stripStride(), strip.a + i * strip.stride,
                  blocking_.depthOf(strip.slice) * sizeof(Unit));
    strip.a = to;
    strip.stride = stripStride();
  }

  void packPanel(const Operands& operands, std::size_t slice, const Panel& panel) const {
    const auto* const b = reinterpret_cast<const Stored*>(operands.b) + panel.column * shape_.ldb;
    const std::size_t first = slice * blocking_.depth, across = panel.vectors * tile_.lanes;
    // What is whole units in memory is packed from there, the rest by way of `converted`.
    const std::size_t raw =
        Format::rawRight ? std::min(blocking_.depthOf(slice), shape_.k / perUnit - first) : 0;
    tile_.pack(reinterpret_cast<const std::byte*>(b + first * perUnit), shape_.ldb * sizeof(Stored),
               panel.width, raw, panel.packed, across);
    alignas(64) std::array<Unit, mostColumns * strip> converted;
    for (std::size_t step = raw; step < blocking_.depthOf(slice); step += strip) {
      const std::size_t units = std::min(strip, blocking_.depthOf(slice) - step);
      for (std::size_t row = 0; row < panel.width; ++row)
        convert(b + row * shape_.ldb, first + step, units, converted.data() + row * strip, Format::right);
      tile_.pack(reinterpret_cast<const std::byte*>(converted.data()), strip * sizeof(Unit), panel.width,
                 units, panel.packed + step * across, across);
    }
  }

  void multiplyTile(const Operands& operands, const Strip& strip, const Panel& panel) const {
    const std::size_t width = panel.width, across = panel.vectors * tile_.lanes;
    const bool first = strip.slice == 0, last = strip.slice + 1 == blocking_.slices;
    Output* const c = reinterpret_cast<Output*>(operands.out) + strip.row * shape_.ldc + panel.column;
    const auto multiply = [&](std::size_t step, std::size_t units, Sum* to, std::size_t ld, Store store) {
      tile_.multiply[strip.height - 1][panel.vectors - 1](units, strip.a + step * sizeof(Unit), strip.stride,
                                                          panel.packed + step * across, strip.starts.data(),
                                                          to, ld, store);
    };
    if constexpr (direct) {
      if (width == across) {
        const bool streams = streams_ && operands.out % 64 == 0;
        return multiply(0, blocking_.depthOf(strip.slice), c, shape_.ldc,
                        !first    ? Store::add
                        : streams ? Store::stream
                                  : Store::write);
      }
    }
    if constexpr (encodes)
      return multiply(0, blocking_.depthOf(strip.slice), strip.sums + panel.inBlock, strip.ld,
                      first ? Store::write : Store::add);
    // The tile asks early for the lines that it writes, which are not those of C here.
    for (std::size_t i = 0; i < strip.height; ++i)
      for (std::size_t j = 0; j < width; j += 64 / sizeof(Output))
        __builtin_prefetch(c + i * shape_.ldc + j, 1);
    alignas(64) std::array<Sum, mostRows * mostColumns> sums;
    Total* const totals = totals_ ? totals_->template as<Total>() + strip.row * ldt_ + panel.column : nullptr;
    if constexpr (direct) {
      multiply(0, blocking_.depthOf(strip.slice), sums.data(), across, Store::write);
      for (std::size_t i = 0; i < strip.height; ++i)
        for (std::size_t j = 0; j < width; ++j)
          c[i * shape_.ldc + j] = sums[i * across + j] + (first ? Output{} : c[i * shape_.ldc + j]);
    } else if constexpr (!unbounded) {
      std::size_t step = 0;
      do {  // once also where K is 0
        const std::size_t units = std::min(Format::depth / perUnit, blocking_.depthOf(strip.slice) - step);
        multiply(step, units, sums.data(), across, Store::write);
        const bool starts = first && step == 0;
        step += units;
        const bool ends = last && step == blocking_.depthOf(strip.slice);
        for (std::size_t i = 0; i < strip.height; ++i)
          settle(sums.data() + i * across, totals ? totals + i * ldt_ : nullptr, width, starts, ends,
                 c + i * shape_.ldc);
      } while (step < blocking_.depthOf(strip.slice));
    }
  }

  // Adds the sums of one row of a tile to their totals, and writes what has become final.
  void settle(const Sum* sums, Total* totals, std::size_t width, bool first, bool last, Output* out) const {
    std::array<Total, mostColumns> now;
    first ? std::fill_n(now.data(), width, Total{}) : std::copy_n(totals, width, now.data());
    Format::add(now.data(), sums, width);
    if (!last)
      std::copy_n(now.data(), width, totals);
    else if constexpr (std::is_same_v<Total, Output>)
      std::copy_n(now.data(), width, out);
    else
      Format::encode(now.data(), 0, out, 0, 1, width);
  }

  GemmShape shape_;
  Threads& threads_;
  T tile_;
  Blocking blocking_;
  std::size_t ldt_, ldp_;  // leading dimensions: of the totals, and of the sums of a part of a block's rows
  std::size_t panelUnits_, blockUnits_;
  bool streams_;
  // Made once: no launch pays for page faults.
  std::unique_ptr<HostBuffer> packedB_, copiedA_, strips_, totals_, sums_;
};

}  // namespace nameplate::cpu
