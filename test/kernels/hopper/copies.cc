// The copy engine.
#include "../../driver/tensormap.h"
#include "state.h"

namespace machine {
namespace {

using Map = nameplate::simulated::TiledMatrix;

Map opened(const nameplate::TensorMap& map) {
  const auto inside = nameplate::simulated::opened(map);
  if (!inside) throw std::logic_error("not a tensor map, or off its boundary");
  return *inside;
}

struct Load {
  Map map;
  int x, y;
  unsigned to, barrier, rank;
};

std::deque<Load> loads;

bool inside(const Map& map, long x, long y) {
  return x >= 0 && y >= 0 && x < static_cast<long>(map.columns) && y < static_cast<long>(map.rows);
}

void run(const Load& load) {
  const Map& map = load.map;
  Block& block = blocks[load.rank];
  if (block.ended == block.threads) throw std::logic_error("a load into a block that has ended");
  for (unsigned r = 0; r < map.boxRows; ++r)
    for (unsigned c = 0; c < map.boxColumns; ++c) {
      std::byte element[8]{};
      if (inside(map, load.x + static_cast<long>(c), load.y + static_cast<long>(r)))
        std::memcpy(element,
                    static_cast<const std::byte*>(map.base) +
                        static_cast<std::uint64_t>(load.y + static_cast<long>(r)) * map.strideBytes +
                        static_cast<std::uint64_t>(load.x + static_cast<long>(c)) * map.elementBytes,
                    map.elementBytes);
      if (map.roundsToTf32) {
        float value;
        std::memcpy(&value, element, 4);
        value = nameplate::roundToTf32(value);
        std::memcpy(element, &value, 4);
      }
      const unsigned at = load.to + r * 128 + c * map.elementBytes;
      std::memcpy(block.shared.data() + swizzled(at), element, map.elementBytes);
    }
  complete(load.barrier, load.rank, map.boxRows * map.boxColumns * map.elementBytes);
}

void run(const Store& store) {
  const Map map = opened(*store.map);
  const Block& block = blocks[store.block];
  for (unsigned r = 0; r < map.boxRows; ++r)
    for (unsigned c = 0; c < map.boxColumns; ++c) {
      const long x = store.x + static_cast<long>(c), y = store.y + static_cast<long>(r);
      if (!inside(map, x, y)) continue;
      auto* to = static_cast<std::byte*>(const_cast<void*>(map.base)) +
                 static_cast<std::uint64_t>(y) * map.strideBytes +
                 static_cast<std::uint64_t>(x) * map.elementBytes;
      std::memcpy(to, block.shared.data() + swizzled(store.from + r * 128 + c * map.elementBytes),
                  map.elementBytes);
    }
}

void checkBox(const Map& map, unsigned at) {
  if (at % 128 != 0) throw std::logic_error("the copy engine wants shared memory on 128-byte boundaries");
  inShared(at, map.boxRows * 128);
}

}  // namespace

void encode(nameplate::TensorMap& to, nameplate::DType dtype, const void* base, std::uint64_t columns,
            std::uint64_t rows, std::uint64_t strideBytes, std::uint32_t boxColumns, std::uint32_t boxRows) {
  const Map map{base,
                columns,
                rows,
                strideBytes,
                boxColumns,
                boxRows,
                static_cast<std::uint32_t>(nameplate::row(dtype).bytes),
                dtype == nameplate::DType::tf32,
                Map::sealed};
  if (!acceptable(map)) throw std::logic_error("no tensor map of this matrix can be");
  std::memcpy(&to, &map, sizeof map);
}

void prefetch(const nameplate::TensorMap& tensor) {
  opened(tensor);
}

void load(unsigned to, const nameplate::TensorMap& tensor, int x, int y, unsigned barrier, unsigned ranks) {
  const Map map = opened(tensor);
  checkBox(map, to);
  if (ranks == 0 || ranks >> blocks.size() != 0)
    throw std::logic_error("a load for blocks that do not exist");
  for (unsigned rank = 0; rank < blocks.size(); ++rank) {
    if (!(ranks >> rank & 1)) continue;
    const Load load{map, x, y, to, barrier, rank};
    if (timing.lateCopies)
      loads.push_back(load);
    else
      run(load);
  }
}

void store(const nameplate::TensorMap& tensor, int x, int y, unsigned from) {
  checkBox(opened(tensor), from);
  if (!stored.emplace(&tensor, x, y).second)
    throw std::logic_error("C is stored twice, and which store stays is left to chance");
  current->uncommitted.push_back({&tensor, x, y, from, current->block});
}

void commitStores() {
  if (timing.lateCopies)
    current->stores.push_back(std::exchange(current->uncommitted, {}));
  else
    for (const Store& store : std::exchange(current->uncommitted, {})) run(store);
}

void waitForStoresToRead(unsigned pending) {
  for (; current->stores.size() > pending; current->stores.pop_front())
    for (const Store& store : current->stores.front()) run(store);
}

bool runOneCopy() {
  if (loads.empty()) return false;
  // The engine promises no order.
  const Load load = timing.backward ? loads.back() : loads.front();
  timing.backward ? loads.pop_back() : loads.pop_front();
  run(load);
  return true;
}

void finishCopies() {
  if (!loads.empty()) throw std::logic_error("a load that nobody waited for");
}

void checkEnd(unsigned block) {
  for (const Load& load : loads)
    if (load.rank == block) throw std::logic_error("a block ends while a load to it is under way");
  if (!blocks[block].left.empty()) throw std::logic_error("a block ends with sums left that nobody can see");
}

}  // namespace machine
