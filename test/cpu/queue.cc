// Goes through the blocks of native/cpu/block_queue.h with a worker that is slow, and prints what was wrong.
//   queue M N K THREADS
//
// Then a line, "blocks slices sliceBySlice helped": how many parts of its blocks others took from the slow
// worker.
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <thread>
#include <vector>

#include "cpu/block_queue.h"

using namespace nameplate::cpu;

int main(int count, char** arguments) {
  if (count != 5) return 1;
  const auto argument = [&](int at) { return std::strtoul(arguments[at], nullptr, 10); };
  const std::size_t threads = argument(4);
  const Blocking cut = blockingOf(argument(1), argument(2), argument(3), {8, 48, 16, 4},
                                  {threads, true, 4 << 20}, {32 << 10, 1 << 20});
  BlockQueue queue(cut);
  const std::size_t tiles = cut.tiles * cut.columnBlocks;
  std::vector<std::atomic<std::size_t>> done(tiles);  // slices of each tile, as wide as its block
  std::vector<std::size_t> packed(cut.workers);       // what each worker began last
  std::atomic<std::size_t> helped = 0;
  for (int launch = 0; launch < 3; ++launch) {
    for (auto& slices : done) slices = 0;
    queue.refill();
    std::atomic<bool> begun = cut.blocks() == 0;
    std::vector<std::thread> workers;
    for (std::size_t self = 0; self < cut.workers; ++self)
      workers.emplace_back([&, self] {
        while (self != 0 && !begun) std::this_thread::yield();  // the slow one is not to be late as well
        queue.work(
            self, [&](const BlockSlice& item) { packed[self] = item.block * cut.slices + item.slice; },
            [&](const BlockSlice& item, TileRange range) {
              if (packed[item.worker] != item.block * cut.slices + item.slice) std::cout << "packed anew\n";
              for (std::size_t tile = range.begin; tile < range.end; ++tile) {
                auto& slices = done[tile * cut.columnBlocks + item.block % cut.columnBlocks];
                if (slices++ != item.slice) std::cout << "slice out of turn\n";
              }
              if (self == 0) begun = true;
              if (self == 0) std::this_thread::sleep_for(std::chrono::milliseconds(2));
              if (item.worker == 0 && self != 0) ++helped;
            });
      });
    for (std::thread& worker : workers) worker.join();
    for (const auto& slices : done)
      if (slices != cut.slices) std::cout << "tile not done\n";
  }
  std::cout << cut.blocks() << " " << cut.slices << " " << cut.sliceBySlice << " " << helped << "\n";
}
