// Who multiplies which block of C, and when. A thread that finds no block left takes parts of those that
// others have begun: one core is slower than the next where a neighbour shares it, or woke later, and all
// would wait for it at the end. With two threads on two cores of Zen 4 that other guests use at times, fp32
// took up to 9 % less time from 512 up.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

#include "cpu/blocking.h"

namespace nameplate::cpu {

struct BlockSlice {
  std::size_t block, slice;
  std::size_t worker;  // that began it, and packed its columns of B
};

struct TileRange {
  std::size_t begin, end;  // above each other in C
};

class BlockQueue {
 public:
  explicit BlockQueue(const Blocking& blocking)
      : blocking_(blocking), done_(blocking.sliceBySlice ? blocking.blocks() : 0), begun_(blocking.workers) {}

  // Before each launch.
  void refill() {
    next_ = 0;
    left_ = blocking_.blocks() * blocking_.slices;
    for (std::atomic<std::size_t>& slices : done_) slices = 0;
  }

  // To be called by each worker; returns when all is done. begin(item) puts in place what the item's tiles
  // read, until the worker begins another. multiply(item, tiles) is called for parts of the item, of whole
  // groups but for the last, by any thread. Neither may throw.
  template <class Begin, class Multiply>
  void work(std::size_t worker, const Begin& begin, const Multiply& multiply) {
    const auto finish = [&](std::size_t block, std::size_t slice) {
      Begun& own = begun_[worker];
      own.item = {block, slice, worker};
      begin(own.item);
      own.open(blocking_);
      own.take(multiply);
      own.close();
      --left_;
    };
    const std::size_t columns = blocking_.columnBlocks, slices = blocking_.slices;
    if (!blocking_.sliceBySlice) {
      for (std::size_t block = next_++; block < blocking_.blocks(); block = next_++)
        for (std::size_t slice = 0; slice < slices; ++slice) finish(block, slice);
    } else {
      for (std::size_t item = next_++; item < blocking_.blocks() * slices; item = next_++) {
        const std::size_t slice = item / columns % slices;
        const std::size_t block = item / columns / slices * columns + item % columns;
        await([&] { return done_[block] >= slice; });  // rarely at all: it was begun many blocks ago
        finish(block, slice);
        ++done_[block];
      }
    }
    if (left_ == 0 || blocking_.partTiles >= blocking_.firstTile(1)) return;  // no block has parts to spare
    std::size_t other = worker;
    await([&] {
      begun_[++other % begun_.size()].take(multiply);
      return left_ == 0;
    });
  }

 private:
  // Most waits are shorter than the system takes to look for another thread.
  template <class Condition>
  static void await(const Condition& met) {
    for (std::size_t turn = 1; !met(); ++turn)
      if (turn % 256 == 0) std::this_thread::yield();
  }

  // Each part that is taken changes it, and so it has lines of its own.
  class alignas(128) Begun {
   public:
    BlockSlice item;

    // By its owner, once all that the tiles read is in place.
    void open(const Blocking& blocking) {
      const std::size_t row = item.block / blocking.columnBlocks;
      tiles_ = {blocking.firstTile(row), blocking.firstTile(row + 1)};
      partTiles_ = blocking.partTiles;
      parts_ = static_cast<std::ptrdiff_t>(divideUp(tiles_.end - tiles_.begin, partTiles_));
      next_ = -parts_;
    }

    // By anyone, until there is none left.
    template <class Multiply>
    void take(const Multiply& multiply) {
      if (next_ >= 0) return;
      ++inside_;
      for (std::ptrdiff_t next; (next = next_++) < 0;) {
        const std::size_t first = tiles_.begin + static_cast<std::size_t>(parts_ + next) * partTiles_;
        multiply(item, TileRange{first, std::min(first + partTiles_, tiles_.end)});
      }
      --inside_;
    }

    // By its owner, who found none left: returns when those that others took are done, and what they read
    // may change.
    void close() const {
      await([&] { return inside_ == 0; });
    }

   private:
    // As they were opened: read only by who has a part, for whom they stand.
    TileRange tiles_{};
    std::size_t partTiles_ = 0;
    std::ptrdiff_t parts_ = 0;
    std::atomic<std::ptrdiff_t> next_ = 0;  // counts up to 0
    std::atomic<std::size_t> inside_ = 0;
  };

  const Blocking& blocking_;
  std::atomic<std::size_t> next_ = 0, left_ = 0;
  std::vector<std::atomic<std::size_t>> done_;  // slices of each block
  std::vector<Begun> begun_;                    // by each worker
};

}  // namespace nameplate::cpu
