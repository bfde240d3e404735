#include "cpu/blocking.h"

#include <unistd.h>

#include <cmath>
#include <limits>

namespace nameplate::cpu {
namespace {

// Bytes that a core has of any last level, also one that is shared with others.
constexpr std::size_t leastLastLevel = 4 << 20;

// Of a block, in vectors and rows of its own: to read A takes as long as multiplying half a vector, and to
// pack B as multiplying some twenty rows.
constexpr double readingA = 0.5, packingB = 20;
// Blocks beyond the fewest that each thread may get; more of them even nothing out.
constexpr std::size_t mostEach = 4;
// Of a block, that its threads take one by one. More would even out more, but after each a thread waits for
// its stores, 0.2 us on Zen 4.
constexpr std::size_t mostParts = 16;
// Waking a thread takes as long as about as many multiplications; so does what is worth a turn of its own.
constexpr std::size_t wakingMultiplications = 1 << 20;
// Of the time; what saves less is noise of this model, and the fewer and wider blocks are taken.
constexpr double worthwhile = 0.01;

// A C library that does not know answers 0.
std::size_t cacheBytes(int level) {
  const long bytes = sysconf(level);
  return bytes > 0 ? static_cast<std::size_t>(bytes) : 0;
}

// Cuts C into blocks, `fewest` or more above each other and none wider than `most` vectors, so that the last
// of them is done soonest. Each is multiplied by the thread that is free first. Nor is one a single vector
// wide: a tile of it has too few sums in flight, and took 1.4 times as long on Zen 3.
void deal(Blocking& to, std::size_t tileRows, std::size_t fewest, std::size_t most, bool alike) {
  if (to.tiles == 0 || to.vectors == 0) return;
  const auto time = [&](double tiles, double vectors) {
    return (tiles * static_cast<double>(tileRows) + packingB) * (vectors + readingA);
  };
  const std::size_t fewestColumns = divideUp(to.vectors, most), spare = mostEach * to.workers;
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t rows = fewest; rows <= std::min(to.tiles, fewest + spare); ++rows) {
    const std::size_t mostColumns =
        std::max(fewestColumns, std::min(to.vectors / 2, fewestColumns + spare / rows));
    for (std::size_t columns = fewestColumns; columns <= mostColumns; ++columns) {
      const double blocks = static_cast<double>(rows * columns), workers = static_cast<double>(to.workers);
      // Alike, they take as many blocks each, and go on together. Unlike, all are busy until there are no
      // more, and a slow one has just begun.
      const double before = alike ? std::ceil(blocks / workers) - 1 : blocks / workers;
      const double mean = time(static_cast<double>(to.tiles) / static_cast<double>(rows),
                               static_cast<double>(to.vectors) / static_cast<double>(columns));
      const double last = time(static_cast<double>(divideUp(to.tiles, rows)),
                               static_cast<double>(divideUp(to.vectors, columns)));
      if (before * mean + last > (1 - worthwhile) * least) continue;
      least = before * mean + last;
      to.rowBlocks = rows;
      to.columnBlocks = columns;
    }
  }
  to.blockVectors = divideUp(divideUp(to.vectors, to.together), to.columnBlocks) * to.together;
}

}  // namespace

CoreCaches coreCaches() {
  const std::size_t level1 = cacheBytes(_SC_LEVEL1_DCACHE_SIZE);
  return {level1 > 0 ? level1 : 32 << 10, cacheBytes(_SC_LEVEL2_CACHE_SIZE)};
}

Blocking blockingOf(std::size_t m, std::size_t n, std::size_t units, const TileSides& tile,
                    const Cores& cores, const CoreCaches& caches) {
  const std::size_t level2 = caches.level2 > 0 ? caches.level2 : 512 << 10;
  Blocking to{};
  to.units = units;
  to.tiles = divideUp(m, tile.rows);
  to.vectors = divideUp(n, tile.lanes);
  to.together = tile.together;
  // As deep as one row of tiles fills the first-level cache: sums are added to C once per slice. Both it and
  // a panel are read in the order of memory, which the processor foresees, so the second level is near
  // enough.
  std::size_t deepest = std::max<std::size_t>(
      64, std::min(caches.level1 / tile.rows, level2 / 5 / tile.columns) / tile.unitBytes);
  // Where K is cut, C is read again for each slice. Slices so deep that one panel fills its share of the
  // second level (below) are fewer, if the last level has room for as many rows of them: 1 to 4 % faster on
  // two cores of Zen 4 with 32 MiB. Deeper ones were not tried.
  const bool fromLastLevel = caches.level2 > 0 && level2 < 1 << 20;
  std::size_t lastLevel = leastLastLevel;
  if (!fromLastLevel && units > deepest && cores.lastLevel >= 2 * leastLastLevel) {
    lastLevel *= 2;
    deepest = std::max<std::size_t>(
        deepest, std::min<std::size_t>(2048, level2 * 3 / 8 / (tile.columns * tile.unitBytes)));
  }
  // Slices of equal depth.
  const std::size_t fewest = std::max<std::size_t>(1, divideUp(units, deepest));
  to.depth = std::max<std::size_t>(16, roundUp(divideUp(units, fewest), 16));
  to.slices = std::max<std::size_t>(1, divideUp(units, to.depth));
  const double multiplications = static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(units);
  to.workers = std::min(cores.threads, 1 + static_cast<std::size_t>(multiplications / wakingMultiplications));
  // Pages lie at random in the second level, and what A and C leave there takes the place of others: B is
  // found again if it fills no more than 3/8 of it. That is two or three panels; where a core waits for A as
  // long as it takes to multiply them, four tiles take turns with each panel instead, which comes from the
  // last level for all of them. Found on Zen 3, with 512 KiB; what was found with 1 MiB, on Zen 4 and 5, is
  // left. Panels so short that they fill no more than a quarter of the first level stay there for four tiles:
  // 1 to 4 % less time on Zen 4.
  const std::size_t panelBytes = to.depth * tile.columns * tile.unitBytes;
  to.groupTiles = fromLastLevel || panelBytes <= caches.level1 / 4 ? mostGroupTiles : 1;
  const std::size_t unitsAcross =
      (fromLastLevel ? lastLevel / 2 : level2 * 3 / 8) / (to.depth * tile.unitBytes);
  deal(to, tile.rows, divideUp(m, lastLevel / (to.depth * tile.unitBytes)),
       std::max<std::size_t>(tile.columns, unitsAcross) / tile.lanes, cores.alike);
  const std::size_t blockTiles = divideUp(to.tiles, std::max<std::size_t>(1, to.rowBlocks));
  const std::size_t tileMultiplications = tile.rows * to.blockVectors * tile.lanes * to.depth;
  const std::size_t partTiles =
      std::max(divideUp(blockTiles, mostParts),
               divideUp(wakingMultiplications, std::max<std::size_t>(1, tileMultiplications)));
  to.partTiles = to.workers > 1 ? roundUp(partTiles, to.groupTiles) : std::max<std::size_t>(1, blockTiles);
  to.sliceBySlice = to.slices > 1 && to.columnBlocks >= 4 * to.workers;
  return to;
}

}  // namespace nameplate::cpu
