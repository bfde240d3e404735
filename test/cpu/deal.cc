// Prints how native/cpu/blocking.cc cuts C for cores of other machines, and what becomes of it where each of
// them takes the next block when it is free.
//   deal M N K TILE_ROWS TILE_COLUMNS LANES LEVEL1 LEVEL2 LAST           of fp32, for 1 to 256 threads
//   deal … FAST SLOW TIMES                                               FAST cores, TIMES as quick as SLOW
//
// LAST is what all threads have together of the last level, 0 where that is not known.
//
// A line for each number of threads, "threads workers rowBlocks columnBlocks packing busy": the share by
// which packing what another thread packs as well adds to the work, and the share of their time in which they
// work.
#include <algorithm>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <queue>
#include <vector>

#include "cpu/blocking.h"

using namespace nameplate::cpu;

namespace {

// In multiplications of a vector by a row; packing a vector of B takes some twenty.
double work(std::size_t rows, std::size_t vectors) {
  return static_cast<double>(vectors) * (static_cast<double>(rows) + 20);
}

void print(const std::vector<std::size_t>& sizes, const std::vector<double>& speeds, bool alike) {
  const TileSides tile{sizes[3], sizes[4], sizes[5], sizeof(float)};
  const Blocking cut = blockingOf(sizes[0], sizes[1], sizes[2], tile,
                                  {speeds.size(), alike, sizes[8] / speeds.size()}, {sizes[6], sizes[7]});
  using Free = std::pair<double, std::size_t>;  // when, and which core
  std::priority_queue<Free, std::vector<Free>, std::greater<>> cores;
  double capacity = 0, all = 0, end = 0;
  for (std::size_t core = 0; core < cut.workers; ++core) cores.emplace(0.0, core), capacity += speeds[core];
  for (std::size_t block = 0; block < cut.blocks(); ++block) {
    const std::size_t row = block / cut.columnBlocks, column = block % cut.columnBlocks;
    const double size = work((cut.firstTile(row + 1) - cut.firstTile(row)) * tile.rows,
                             cut.firstVector(column + 1) - cut.firstVector(column));
    const auto [time, core] = cores.top();
    cores.pop();
    cores.emplace(time + size / speeds[core], core);
    end = std::max(end, time + size / speeds[core]);
    all += size;
  }
  std::cout << speeds.size() << " " << cut.workers << " " << cut.rowBlocks << " " << cut.columnBlocks << " "
            << all / work(cut.tiles * tile.rows, cut.vectors) - 1 << " " << all / (capacity * end) << "\n";
}

}  // namespace

int main(int count, char** arguments) {
  std::vector<std::size_t> sizes;
  for (int at = 1; at < std::min(count, 12); ++at) sizes.push_back(std::strtoul(arguments[at], nullptr, 10));
  if (count == 10) {
    for (std::size_t threads = 1; threads <= 256; ++threads)
      print(sizes, std::vector<double>(threads, 1), true);
    return 0;
  }
  if (count != 13) return 1;
  std::vector<double> speeds(sizes[9], std::strtod(arguments[12], nullptr));
  speeds.resize(sizes[9] + sizes[10], 1);
  print(sizes, speeds, false);
}
