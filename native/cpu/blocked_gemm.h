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
#include <memory>
#include <numeric>
#include <string>
#include <type_traits>
#include <vector>

#include "backend.h"
#include "cpu/block_queue.h"
#include "cpu/blocking.h"
#include "cpu/formats.h"
#include "cpu/memory.h"
#include "cpu/packing.h"
#include "cpu/threads.h"
#include "cpu/tile.h"
#include "cpu/totals.h"

namespace nameplate::cpu {

template <class Format, class T>
class BlockedGemm {
  using Unit = typename Format::Unit;
  using Sum = typename Format::Sum;
  using Total = typename Format::Total;
  using Output = typename Format::Output;
  using Pack = Packing<Format, T>;
  static constexpr std::size_t perUnit = Pack::perUnit;
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
                             {tile.rows, tile.columns, tile.lanes, sizeof(Unit), togetherIn(tile)},
                             {threads.count(), threads.alike(), threads.lastLevel()})),
        queue_(std::make_unique<BlockQueue>(blocking_)),
        packing_(shape, blocking_, tile, threads),
        blockColumns_(blocking_.blockVectors * tile.lanes),
        encodedColumns_(std::lcm(tile.columns, 64 / sizeof(Output))),
        ldt_(blocking_.vectors * tile.lanes),
        panelUnits_(tile.columns * blocking_.depth),
        blockUnits_(product(divideUp(blockColumns_, tile.columns), panelUnits_)) {
    packedB_ = buffer(product(blocking_.workers, blockUnits_), sizeof(Unit));
    if (!direct && (blocking_.slices > 1 || Format::depth < shape.k))
      totals_ = buffer(product(shape.m, ldt_), sizeof(Total));
    else if (encodes)
      sums_ = buffer(product(blocking_.workers, groupSums()), sizeof(Sum));
    // A row of A that meets few columns is read where it lies for less than its copy costs.
    if (blocking_.groupTiles > 1 && blockColumns_ >= 256)
      strips_ = buffer(product(blocking_.workers, groupRows()), packing_.nearStride());
    // Lines that are read in order to be written are taken back and forth by the prefetching of several
    // cores. So C is written past the caches, unless the first-level one would keep it for whoever reads it
    // next.
    streams_ = direct && blocking_.slices == 1 && tile.lanes * sizeof(Unit) == 64 &&
               shape.ldc * sizeof(Output) % 64 == 0 &&
               shape.m > coreCaches().level1 / sizeof(Output) / std::max<std::size_t>(1, shape.n);
  }

  std::size_t workers() const { return blocking_.workers; }

  void launch(const Operands& operands) const {
    packing_.copyA(operands);
    queue_->refill();
    threads_.parallel(blocking_.workers, [&](std::size_t worker) {
      const Own own{strips_ ? strips_->template as<std::byte>() + worker * groupRows() * packing_.nearStride()
                            : nullptr,
                    sums_ ? sums_->template as<Sum>() + worker * groupSums() : nullptr};
      queue_->work(
          worker,
          [&](const BlockSlice& item) {
            panels(item, [&](const Panel<Unit>& panel) { packing_.pack(operands, item.slice, panel); });
          },
          [&](const BlockSlice& item, TileRange tiles) { multiplyTiles(operands, item, tiles, own); });
    });
  }

 private:
  std::unique_ptr<HostBuffer> buffer(std::size_t count, std::size_t bytes) const {
    return std::make_unique<HostBuffer>(product(count, bytes), threads_);
  }

  // What a thread has for itself; null where it is not needed.
  struct Own {
    std::byte* strips;  // a group of A's
    Sum* sums;          // of a group, still to be encoded
  };

  std::size_t groupRows() const { return blocking_.groupTiles * tile_.rows; }
  std::size_t groupSums() const { return groupRows() * encodedColumns_; }

  struct Columns {
    std::size_t begin, end;  // of C
  };
  Columns columnsOf(const BlockSlice& item) const {
    const std::size_t block = item.block % blocking_.columnBlocks;
    return {blocking_.firstVector(block) * tile_.lanes,
            std::min(shape_.n, blocking_.firstVector(block + 1) * tile_.lanes)};
  }

  template <class Visit>
  void panels(const BlockSlice& item, const Visit& visit) const {
    const auto [begin, end] = columnsOf(item);
    Unit* packed = packedB_->template as<Unit>() + item.worker * blockUnits_;
    for (std::size_t column = begin; column < end; column += tile_.columns, packed += panelUnits_) {
      const std::size_t width = std::min(tile_.columns, end - column);
      visit(Panel<Unit>{column, column - begin, width, divideUp(width, tile_.lanes), packed});
    }
  }

  void multiplyTiles(const Operands& operands, const BlockSlice& item, TileRange tiles,
                     const Own& own) const {
    const Columns columns = columnsOf(item);
    const std::size_t slice = item.slice, wide = columns.end - columns.begin;
    const std::size_t endRow = std::min(shape_.m, tiles.end * tile_.rows);
    Output* const c = reinterpret_cast<Output*>(operands.out) + columns.begin;
    for (std::size_t top = tiles.begin * tile_.rows; top < endRow; top += groupRows()) {
      const std::size_t below = std::min(top + groupRows(), endRow);
      std::array<Strip<Sum>, mostGroupTiles> group;
      const std::size_t strips = divideUp(below - top, tile_.rows);
      for (std::size_t i = 0; i < strips; ++i) {
        const std::size_t above = i * tile_.rows, row = top + above;
        const std::size_t height = std::min(tile_.rows, below - row), next = row + groupRows();
        group[i] = packing_.strip(operands, slice, row, height, next + height <= shape_.m ? next : row);
        if (own.strips) packing_.bringNear(group[i], own.strips + above * packing_.nearStride());
      }
      const std::size_t lastWhole = (std::max<std::size_t>(1, wide / tile_.columns) - 1) * tile_.columns;
      panels(item, [&](const Panel<Unit>& panel) {
        // Sums are encoded while they are still near, those of a row's whole lines of C together.
        const std::size_t first = panel.inBlock / encodedColumns_ * encodedColumns_;
        const std::size_t end = panel.inBlock + panel.width;
        const bool whole = slice + 1 == blocking_.slices && (end % encodedColumns_ == 0 || end == wide) &&
                           !tileEncodes(operands, panel);
        for (std::size_t i = 0; i < strips; ++i) {
          Strip<Sum>& strip = group[i];
          if constexpr (encodes) {
            strip.ld = own.sums ? encodedColumns_ : ldt_;
            strip.sums = own.sums ? own.sums + i * tile_.rows * encodedColumns_
                                  : totals_->template as<Total>() + strip.row * ldt_ + columns.begin + first;
          }
          multiplyTile(operands, strip, panel, panel.inBlock == lastWhole);
          if constexpr (encodes)
            if (whole)
              Format::encode(strip.sums, strip.ld, c + strip.row * shape_.ldc + first, shape_.ldc,
                             strip.height, end - first);
        }
      });
    }
    std::atomic_thread_fence(std::memory_order_seq_cst);  // what was streamed is in no other order
  }

  static std::size_t togetherIn(const T& tile) {  // vectors in a line of C that it writes whole
    return encodes && tile.storesEncoded ? 64 / sizeof(Output) / tile.lanes : 1;
  }

  // Or its sums are stored, to be added to and encoded later.
  bool tileEncodes(const Operands& operands, const Panel<Unit>& panel) const {
    return encodes && tile_.storesEncoded && blocking_.slices == 1 &&
           panel.width * sizeof(Output) % 64 == 0 && (operands.out | shape_.ldc * sizeof(Output)) % 64 == 0;
  }

  void multiplyTile(const Operands& operands, const Strip<Sum>& strip, const Panel<Unit>& panel,
                    bool prefetches) const {
    const std::size_t width = panel.width, across = panel.vectors * tile_.lanes;
    const bool first = strip.slice == 0, last = strip.slice + 1 == blocking_.slices;
    Output* const c = reinterpret_cast<Output*>(operands.out) + strip.row * shape_.ldc + panel.column;
    const auto multiply = [&](std::size_t step, std::size_t units, auto* to, std::size_t ld, Store store) {
      const Rows& next = prefetches ? strip.next : strip.a;
      tile_.multiply[strip.height - 1][panel.vectors - 1](
          units, {strip.a.first + step * sizeof(Unit), strip.a.stride},
          {next.first + step * sizeof(Unit), next.stride}, panel.packed + step * across, strip.starts.data(),
          to, ld * sizeof *to, store);
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
    if constexpr (encodes) {
      if (tileEncodes(operands, panel))
        return multiply(0, blocking_.depthOf(strip.slice), c, shape_.ldc, Store::encode);
      return multiply(0, blocking_.depthOf(strip.slice), strip.sums + panel.inBlock % encodedColumns_,
                      strip.ld, first ? Store::write : Store::add);
    }
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
          settle<Format>(sums.data() + i * across, totals ? totals + i * ldt_ : nullptr, width, starts, ends,
                         c + i * shape_.ldc);
      } while (step < blocking_.depthOf(strip.slice));
    }
  }

  GemmShape shape_;
  Threads& threads_;
  T tile_;
  Blocking blocking_;
  std::unique_ptr<BlockQueue> queue_;
  Pack packing_;
  std::size_t blockColumns_;    // of the widest block
  std::size_t encodedColumns_;  // of sums that are encoded together: the fewest panels that fill whole lines
  std::size_t ldt_;             // leading dimension of the totals
  std::size_t panelUnits_, blockUnits_;
  bool streams_;
  // Made once: no launch pays for page faults.
  std::unique_ptr<HostBuffer> packedB_, strips_, totals_, sums_;
};

}  // namespace nameplate::cpu
