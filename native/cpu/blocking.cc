#include "cpu/blocking.h"

#include <unistd.h>

#include <limits>

namespace nameplate::cpu {
namespace {

// Bytes that a core has of any last level, also one that is shared with others.
constexpr std::size_t lastLevel = 4 << 20;

// A C library that does not know answers 0.
std::size_t cacheBytes(int level, std::size_t usual) {
  const long bytes = sysconf(level);
  return bytes > 0 ? static_cast<std::size_t>(bytes) : usual;
}

// Cuts C into blocks, none wider than `most` vectors. Where rows are cut, several threads pack the same
// columns, which takes as long as multiplying some twenty rows; where columns are, one thread may get more.
void deal(Blocking& to, std::size_t tileRows, std::size_t most) {
  std::size_t least = std::numeric_limits<std::size_t>::max();
  for (std::size_t rows = 1; rows <= std::min(to.workers, to.tiles); ++rows) {
    const std::size_t columns = divideUp(to.workers, rows);
    const std::size_t cost = divideUp(to.vectors, columns) * (divideUp(to.tiles, rows) * tileRows + 20);
    if (cost >= least) continue;
    least = cost;
    to.rowBlocks = rows;
    // As wide as may be: each block reads all rows of A, and C in rows, the longer the better.
    to.columnBlocks = std::min(to.vectors, roundUp(divideUp(to.vectors, most), columns));
  }
  to.blockVectors = to.columnBlocks > 0 ? divideUp(to.vectors, to.columnBlocks) : 0;
}

}  // namespace

std::size_t level1Bytes() {
  return cacheBytes(_SC_LEVEL1_DCACHE_SIZE, 32 << 10);
}

Blocking blockingOf(std::size_t m, std::size_t n, std::size_t units, const TileSides& tile,
                    std::size_t threads) {
  const std::size_t level2 = cacheBytes(_SC_LEVEL2_CACHE_SIZE, 512 << 10);
  Blocking to{};
  to.units = units;
  to.tiles = divideUp(m, tile.rows);
  to.vectors = divideUp(n, tile.lanes);
  // As deep as one row of tiles fills the first-level cache: sums are added to C once per slice. Both it and
  // a panel are read in the order of memory, which the processor foresees, so the second level is near
  // enough.
  const std::size_t deepest = std::max<std::size_t>(
      64, std::min(level1Bytes() / tile.rows, level2 / 5 / tile.columns) / tile.unitBytes);
  // Slices of equal depth.
  const std::size_t fewest = std::max<std::size_t>(1, divideUp(units, deepest));
  to.depth = std::max<std::size_t>(16, roundUp(divideUp(units, fewest), 16));
  to.slices = std::max<std::size_t>(1, divideUp(units, to.depth));
  // Waking a thread takes as long as about a million multiplications.
  const double multiplications = static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(units);
  to.workers = std::min(threads, 1 + static_cast<std::size_t>(multiplications / (1 << 20)));
  // Pages lie at random in the second level, and what A and C leave there takes the place of others: B is
  // found again if it fills no more than 3/8 of it. That is two or three panels; where a core waits for A as
  // long as it takes to multiply them, four tiles take turns with each panel instead, which comes from the
  // last level for all of them. Found on Zen 3, with 512 KiB; what was found with 1 MiB, on Zen 4 and 5, is
  // left.
  const bool fromLastLevel = level2 < 1 << 20 && cacheBytes(_SC_LEVEL2_CACHE_SIZE, 0) > 0;
  to.groupTiles = fromLastLevel ? mostGroupTiles : 1;
  const std::size_t unitsAcross =
      (fromLastLevel ? lastLevel / 2 : level2 * 3 / 8) / (to.depth * tile.unitBytes);
  deal(to, tile.rows, std::max<std::size_t>(tile.columns, unitsAcross) / tile.lanes);
  to.rowBlocks = std::max(to.rowBlocks, divideUp(m, lastLevel / (to.depth * tile.unitBytes)));
  to.sliceBySlice = to.slices > 1 && to.columnBlocks >= 4 * to.workers;
  return to;
}

}  // namespace nameplate::cpu
