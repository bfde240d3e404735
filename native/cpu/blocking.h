// How the GEMM is cut for the caches and threads of this machine: K into slices, C into blocks.
#pragma once

#include <algorithm>
#include <cstddef>

namespace nameplate::cpu {

constexpr std::size_t divideUp(std::size_t value, std::size_t by) {
  return value / by + (value % by != 0);
}

constexpr std::size_t roundUp(std::size_t value, std::size_t multiple) {
  return divideUp(value, multiple) * multiple;
}

struct TileSides {
  std::size_t rows, columns;  // of C
  std::size_t lanes;          // of a vector, of which a tile is columns / lanes wide
  std::size_t unitBytes;      // of what a lane multiplies in one step
  std::size_t together = 1;   // vectors that only one block has
};

inline constexpr std::size_t mostGroupTiles = 4;

struct Blocking {
  std::size_t units, tiles, vectors;    // of K; tiles above each other in C; vectors in a row of C
  std::size_t slices, depth;            // of K, and units in one; there is one slice, of none, where K is 0
  std::size_t workers;                  // threads that take part
  std::size_t rowBlocks, columnBlocks;  // of C
  std::size_t blockVectors;             // vectors in a row of the widest block
  std::size_t together;                 // vectors that only one block has, as many or none of them
  std::size_t groupTiles;               // tiles above each other that take turns with each panel of B
  std::size_t partTiles;                // tiles above each other that a thread takes at a time

  // Whether all blocks of the same rows go through one slice after the other, so that they find that slice of
  // A in the last-level cache. A block waits for its own slice before; of few blocks, threads would wait for
  // each other, and each goes through all slices by itself.
  bool sliceBySlice;

  std::size_t blocks() const { return rowBlocks * columnBlocks; }
  std::size_t depthOf(std::size_t slice) const { return std::min(depth, units - slice * depth); }
  // Where a block of rows begins in tiles, and a block of columns in vectors.
  std::size_t firstTile(std::size_t block) const { return cut(tiles, block, rowBlocks); }
  std::size_t firstVector(std::size_t block) const {
    return std::min(vectors, cut(divideUp(vectors, together), block, columnBlocks) * together);
  }

 private:
  // The part `index` of `size` cut into `parts` of almost equal size begins here.
  static constexpr std::size_t cut(std::size_t size, std::size_t index, std::size_t parts) {
    return index * (size / parts) + std::min(index, size % parts);
  }
};

// That share the work.
struct Cores {
  std::size_t threads;
  bool alike = true;
  std::size_t lastLevel = 0;  // bytes of the last-level caches that each of them has; 0 where it is not known
};

// Bytes that each core has; where the C library does not know, the first is what is usual and the second 0.
struct CoreCaches {
  std::size_t level1, level2;
};
CoreCaches coreCaches();

// Of an m x n matrix C that sums `units` units.
Blocking blockingOf(std::size_t m, std::size_t n, std::size_t units, const TileSides&, const Cores&,
                    const CoreCaches& = coreCaches());

}  // namespace nameplate::cpu
