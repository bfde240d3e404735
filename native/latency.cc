// Latency rows: one thread follows addresses through a working set, each found where the one before led.
//
// The nodes are a line apart and form one cycle in random order, so that no prefetcher guesses the next and
// every line of the set is met before any is met again. A launch goes on where the last one ended: launches
// that all began at the same node would walk the same few lines and time a cache.
#include <algorithm>
#include <numeric>

#include "backend.h"
#include "cpu/memory.h"
#include "random.h"
#include "workload.h"

namespace nameplate {
namespace {

// A few hundred microseconds in the nearest cache of a GPU, some tens of milliseconds in its memory.
constexpr std::size_t leastSteps = std::size_t{1} << 15;
// What L1 of a GPU holds, a kernel does not find: between dependent grids the driver invalidates it (PTX ISA,
// ld.ca). So each launch takes every line of the set from L2 once more, some 230 clocks beyond a step's 35;
// over this many steps a line that is less than 3 %.
constexpr std::size_t stepsPerLine = 256;
constexpr std::size_t mostL1Lines = 2048;  // 256 KiB of lines of 128 bytes: no multiprocessor has more
// Huge pages, where the system gives them: see cache.cc.
constexpr std::size_t leastBuffer = std::size_t{2} << 20;
constexpr std::size_t chunk = std::size_t{16} << 20;  // written at a time
constexpr std::size_t mostNodes = std::size_t{1} << 32;

// A launch that ended where it began would look like one that never left: it takes one more step.
std::size_t stepsOf(std::size_t nodes) {
  const std::size_t steps = nodes <= mostL1Lines ? std::max(leastSteps, stepsPerLine * nodes) : leastSteps;
  return steps % nodes == 0 ? steps + 1 : steps;
}

// What writing the set leaves in the last cache, its end, a chase would find there until it has gone round
// once, and a GPU is through before. So as much is written elsewhere as drives it out; once the cycle has
// closed, random replacement hits about 2 % of a set of four times the cache.
std::size_t evictingBytes(const Device& device, bool onHost, std::size_t bytes) {
  const auto cache = static_cast<std::size_t>(device.facts().l2Bytes);
  return onHost || bytes <= cache ? 0 : 2 * cache;
}

// The nodes in the order in which they are met, from node 0 on: Fisher and Yates' shuffle.
std::vector<std::uint32_t> shuffled(std::size_t nodes, std::uint64_t seed) {
  std::vector<std::uint32_t> order(nodes);
  std::iota(order.begin(), order.end(), 0u);
  for (std::size_t left = nodes - 1; left > 1; --left)
    std::swap(order[left], order[1 + mix(seed, left) % left]);
  return order;
}

class LatencyTrial : public Trial {
 public:
  LatencyTrial(Device& device, bool onHost, std::size_t nodes, std::uint64_t seed,
               const std::string& provider)
      : device_(device),
        line_(device.lineBytes()),
        order_(shuffled(nodes, seed)),
        steps_(stepsOf(nodes)),
        kernel_(device.chase(steps_, provider)),
        nodes_(allocate(device, onHost, std::max(leastBuffer, nodes * line_))),
        state_(device.allocate(sizeof(ChaseState))) {
    link();
    device.fill(*state_, 0);
    evict(evictingBytes(device, onHost, nodes * line_));
    const std::string where = nodes_->where();
    kernel_.note = "one node a line of " + std::to_string(line_) + " bytes, one cycle in random order" +
                   (where.empty() ? "" : "; working set " + where);
  }

  const Kernel& kernel() const override { return kernel_; }

  Work work() const override {
    return {.bytes = 8.0 * static_cast<double>(steps_),
            .bytesCounted = "one address a step; the row is the time of a step",
            .workingSetBytes = static_cast<double>(order_.size() * line_),
            .steps = steps_};
  }

  void launch(std::size_t) override { kernel_.launch({state_->address(), nodes_->address(), 0}); }

  Verification verify() override {
    poison();
    launch(0);
    device_.synchronize();
    return compare(1);
  }

  // No step taken yet, from where the last chase ended: back at the first node, a launch would meet lines
  // that may still be in a cache.
  void poison() override {
    start_ = (start_ + state().steps) % order_.size();
    const ChaseState start{addressOf(order_[start_]), 0};
    device_.write(*state_, 0, &start, sizeof start);
  }

  void verifyTimed(Verification& verification, std::size_t launches) override {
    verification.add(compare(launches));
  }

 private:
  static std::unique_ptr<Buffer> allocate(Device& device, bool onHost, std::size_t bytes) {
    return onHost ? device.allocateHost(bytes, HostMemory::pinned) : device.allocate(bytes);
  }

  std::uint64_t addressOf(std::size_t node) const { return nodes_->address() + node * line_; }

  void link() {
    std::vector<std::uint32_t> next(order_.size());
    for (std::size_t i = 0; i < order_.size(); ++i) next[order_[i]] = order_[(i + 1) % order_.size()];
    const std::size_t nodesPerChunk = chunk / line_, words = line_ / 8;
    std::vector<std::uint64_t> part(std::min(nodesPerChunk, order_.size()) * words);
    for (std::size_t first = 0; first < order_.size(); first += nodesPerChunk) {
      const std::size_t n = std::min(nodesPerChunk, order_.size() - first);
      for (std::size_t i = 0; i < n; ++i) part[i * words] = addressOf(next[first + i]);
      device_.write(*nodes_, first * line_, part.data(), n * line_);
    }
  }

  // The way the set was written, so that it passes the same caches.
  void evict(std::size_t bytes) {
    if (bytes == 0) return;
    const auto elsewhere = device_.allocate(bytes);
    const std::vector<std::byte> part(std::min(chunk, bytes));
    for (std::size_t at = 0; at < bytes; at += chunk)
      device_.write(*elsewhere, at, part.data(), std::min(chunk, bytes - at));
  }

  ChaseState state() {
    ChaseState found;
    device_.read(*state_, 0, &found, sizeof found);
    return found;
  }

  Verification compare(std::size_t launches) {
    Verification verification;
    verification.method = "where the chase ended, against the node that as many steps of its cycle lead to";
    verification.bound = "exact";
    verification.compared = launches * steps_;
    const ChaseState found = state();
    if (found.steps != verification.compared)
      verification.differs(0, "the steps taken", std::to_string(verification.compared),
                           std::to_string(found.steps));
    const std::uint64_t end = addressOf(order_[(start_ + verification.compared) % order_.size()]);
    if (found.at != end)
      verification.differs(0, "the node after " + std::to_string(verification.compared) + " steps", hex(end),
                           hex(found.at));
    return verification;
  }

  Device& device_;
  std::size_t line_;
  std::vector<std::uint32_t> order_;
  std::size_t steps_;
  std::size_t start_ = 0;  // in it, of the steps counted now
  Kernel kernel_;
  std::unique_ptr<Buffer> nodes_, state_;
};

}  // namespace

Workload latencyWorkload(Device& device, const LatencyOperation& operation, const Shape& shape, Data,
                         std::uint64_t seed) {
  const std::size_t line = device.lineBytes(), nodes = shape.bytes / line;
  if (nodes < 2)
    throw Error("ERANGE", "a latency row needs a working set of at least two lines of " +
                              std::to_string(line) + " bytes");
  if (nodes > mostNodes)
    throw Error("ERANGE", "a latency row takes working sets of at most " + std::to_string(mostNodes) +
                              " lines of " + std::to_string(line) + " bytes");
  const std::size_t free = device.freeBytes();
  const std::size_t evicting = evictingBytes(device, operation.onHost, shape.bytes);
  if (!operation.onHost && (shape.bytes > free || evicting > free - shape.bytes))
    throw Unsupported("a working set of " + std::to_string(shape.bytes) + " bytes does not fit the " +
                      std::to_string(free) + " bytes that are free, of which " + std::to_string(evicting) +
                      " go to clear the cache: use a smaller size");
  // The order of the nodes, forth and back, and the nodes where they lie on the host.
  const std::size_t perNode = 2 * sizeof(std::uint32_t) + (operation.onHost ? line : 0);
  cpu::requireAvailable(static_cast<double>(nodes) * static_cast<double>(perNode));
  return [&device, onHost = operation.onHost, nodes, seed](const std::string& provider) {
    return std::make_unique<LatencyTrial>(device, onHost, nodes, seed, provider);
  };
}

}  // namespace nameplate
