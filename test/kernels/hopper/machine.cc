// Threads, blocks and clusters, and barriers. copies.cc has the copy engine, multiplies.cc the tensor cores.
#include "machine.h"

#include <ucontext.h>

#include <algorithm>
#include <exception>
#include <memory>
#include <numeric>
#include <string>
#include <utility>

#include "state.h"

namespace machine {

std::vector<Block> blocks;
std::set<std::tuple<const nameplate::TensorMap*, int, int>> stored;
Thread* current = nullptr;
Timing timing;

namespace {

constexpr std::size_t stackBytes = 64 * 1024;

struct Fiber {
  ucontext_t context;
  std::unique_ptr<std::byte[]> stack{new std::byte[stackBytes]};
  Thread thread;
};

std::vector<std::unique_ptr<Fiber>> fibers;
ucontext_t scheduler;
unsigned gridSize = 0;
const std::function<void()>* body = nullptr;
std::exception_ptr fault;  // a fiber cannot throw past its own stack

Fiber& fiberOf(Thread& thread) {
  return *fibers[thread.block * blocks[0].threads + thread.index];
}

void run() {
  try {
    (*body)();
    if (!current->unfenced.empty() || !current->left.empty())
      throw std::logic_error("a thread ends with writes that nobody sees");
    if (!current->uncommitted.empty() || !current->stores.empty())
      throw std::logic_error("a thread ends while the copy engine still reads for it");
  } catch (...) {
    fault = std::current_exception();
  }
  current->done = true;
  if (++blocks[current->block].ended == blocks[current->block].threads && !fault) try {
      checkEnd(current->block);
    } catch (...) {
      fault = std::current_exception();
    }
  swapcontext(&fiberOf(*current).context, &scheduler);
}

void start(Fiber& fiber, unsigned block, unsigned index) {
  fiber.thread = Thread{};
  fiber.thread.block = block;
  fiber.thread.index = index;
  getcontext(&fiber.context);
  fiber.context.uc_stack.ss_sp = fiber.stack.get();
  fiber.context.uc_stack.ss_size = stackBytes;
  makecontext(&fiber.context, run, 0);
}

std::string whereAll() {
  std::string text;
  std::size_t listed = 0;
  for (const auto& fiber : fibers) {
    const Thread& thread = fiber->thread;
    if (thread.done || thread.index % 32 != 0 || ++listed > 12) continue;
    text += "; thread " + std::to_string(thread.index) + " of block " + std::to_string(thread.block) +
            " waits for " + thread.what + " " + std::to_string(thread.detail);
  }
  return text;
}

void runCluster() {
  const unsigned count = static_cast<unsigned>(fibers.size());
  unsigned running = count;
  while (running > 0) {
    bool progressed = false;
    running = 0;
    for (unsigned i = 0; i < count; ++i) {
      Fiber& fiber = *fibers[timing.backward ? count - 1 - i : i];
      Thread& thread = fiber.thread;
      if (thread.done) continue;
      ++running;
      if (thread.ready && !thread.ready()) continue;
      thread.ready = nullptr;
      progressed = true;
      current = &thread;
      swapcontext(&scheduler, &fiber.context);
      if (fault) std::rethrow_exception(std::exchange(fault, nullptr));
    }
    if (running > 0 && !progressed && !runOneCopy())
      throw std::logic_error("all threads wait for what never comes" + whereAll());
  }
}

void hand(std::vector<Left>& from, std::vector<Left>& to) {
  to.insert(to.end(), from.begin(), from.end());
  from.clear();
}

// A rendezvous of `count` threads: those that arrive before the last wait for it. Tells whether any said yes.
bool meet(Meeting& meeting, unsigned count, const char* what, unsigned detail, bool mine = false) {
  const std::uint64_t turn = meeting.turn;
  bool& any = meeting.any[turn % 2];
  any = mine || (meeting.waiting > 0 && any);
  hand(current->left, meeting.left);
  if (++meeting.waiting == count) {
    meeting.waiting = 0;
    ++meeting.turn;
    hand(meeting.left, blocks[current->block].left);
  } else {
    await(what, detail, [&meeting, turn] { return meeting.turn != turn; });
  }
  return any;
}

Meeting clusterMeeting;

}  // namespace

void await(const char* what, unsigned detail, std::function<bool()> ready) {
  if (ready()) return;
  current->what = what;
  current->detail = detail;
  current->ready = std::move(ready);
  swapcontext(&fiberOf(*current).context, &scheduler);
}

void launch(unsigned blockCount, unsigned cluster, unsigned threads, Timing how,
            const std::function<void()>& kernel) {
  if (blockCount % cluster != 0) throw std::logic_error("a grid of whole clusters is wanted");
  timing = how;
  stored.clear();
  gridSize = blockCount;
  body = &kernel;
  while (fibers.size() > cluster * threads) fibers.pop_back();
  while (fibers.size() < cluster * threads) fibers.push_back(std::make_unique<Fiber>());
  for (unsigned first = 0; first < blockCount; first += cluster) {
    const unsigned at = how.backward ? blockCount - cluster - first : first;
    blocks.resize(cluster);
    clusterMeeting = {};
    for (unsigned rank = 0; rank < cluster; ++rank) {
      blocks[rank].begin(at + rank, threads);
      for (unsigned i = 0; i < threads; ++i) start(*fibers[rank * threads + i], rank, i);
    }
    runCluster();
    finishCopies();
  }
}

Index thread() {
  return {current->index};
}
Index block() {
  return {blocks[current->block].index};
}
Index grid() {
  return {gridSize};
}
unsigned rank() {
  return current->block;
}
unsigned sharedMemory() {
  return firstShared;
}

void syncBlock() {
  Block& mine = blocks[current->block];
  meet(mine.named[0], mine.threads, "its block", 0);
}

void meetCluster() {
  meet(clusterMeeting, static_cast<unsigned>(fibers.size()), "the cluster", 0);
}

void syncCluster() {
  meetCluster();
}

void syncWarpgroup(unsigned barrier) {
  anyOfWarpgroup(barrier, false);
}

bool anyOfWarpgroup(unsigned barrier, bool mine) {
  if (barrier == 0 || barrier > 15) throw std::logic_error("named barriers are 1 to 15");
  return meet(blocks[current->block].named[barrier], 128, "named barrier", barrier, mine);
}

void changeRegisters(unsigned registers, bool more) {
  if (registers < 24 || registers > 256 || registers % 8 != 0)
    throw std::logic_error("setmaxnreg takes 24 to 256, in steps of 8");
  Block& mine = blocks[current->block];
  unsigned& held = mine.registers[current->index / 128];
  if (more ? held > registers : held < registers)
    throw std::logic_error("setmaxnreg.inc to fewer registers, or .dec to more");
  // More are given when others have given theirs back; the block has no others than it began with.
  await("registers", registers, [&mine, &held, registers] {
    const auto all = [&mine] { return std::accumulate(mine.registers.begin(), mine.registers.end(), 0u); };
    return all() - held + registers <= mine.allRegisters;
  });
  held = registers;
}

// --- barriers ---

namespace {

std::uint64_t meetingsOf(Block& block) {
  return block.named[0].turn + clusterMeeting.turn;
}

Barrier& barrierAt(Block& block, unsigned address) {
  if (block.ended == block.threads) throw std::logic_error("a barrier of a block that has ended");
  const auto found = block.barriers.find(address);
  if (found == block.barriers.end())
    throw std::logic_error("no barrier was initialised, or not seen to be, at " + std::to_string(address));
  return found->second;
}

Barrier& knownBarrierAt(Block& block, unsigned address) {
  Barrier& barrier = barrierAt(block, address);
  if (barrier.meetings == meetingsOf(block) && barrier.maker != current->index)
    throw std::logic_error("a barrier that its block has not met about, at " + std::to_string(address));
  return barrier;
}

void advance(Barrier& barrier) {
  if (barrier.pending > 0 || barrier.bytes != 0) return;
  barrier.phase ^= 1;
  barrier.pending = barrier.count;
}

}  // namespace

void initialize(unsigned barrier, unsigned count) {
  if (barrier % 8 != 0) throw std::logic_error("a barrier is off its boundary");
  inShared(barrier, 8);
  current->newBarriers.emplace_back(barrier, count);
}

void arrive(unsigned address, unsigned rank, unsigned expectedBytes) {
  Barrier& barrier = knownBarrierAt(blocks.at(rank), address);
  if (barrier.pending == 0) throw std::logic_error("more arrivals at a barrier than it counts");
  barrier.bytes += expectedBytes;
  if (barrier.bytes >= 1 << 20) throw std::logic_error("a barrier counts 2^20 - 1 bytes at most");
  --barrier.pending;
  advance(barrier);
}

void complete(unsigned address, unsigned rank, unsigned bytes) {
  Barrier& barrier = barrierAt(blocks.at(rank), address);
  barrier.bytes -= bytes;
  // One full load is more than a phase can still expect only where bytes were sent that nobody asked for.
  if (barrier.bytes < -(1 << 20) + 1) throw std::logic_error("bytes that no barrier expects");
  advance(barrier);
}

void waitFor(unsigned address, unsigned parity) {
  Barrier& barrier = knownBarrierAt(blocks[current->block], address);
  await("the barrier at", address, [&barrier, parity] { return barrier.phase != parity; });
}

// --- ordinary writes ---

unsigned inShared(unsigned address, unsigned bytes) {
  if (address < firstShared || address + bytes > firstShared + sharedBytes)
    throw std::logic_error("beyond the shared memory, at " + std::to_string(address));
  return address;
}

void write(unsigned to, unsigned word) {
  if (to % 4 != 0) throw std::logic_error("a word is written off its boundary");
  current->unfenced.emplace_back(inShared(to, 4), word);
}

namespace {

// What is written at once: the 32 banks of shared memory take 128 bytes, so that no two may be the same
// modulo 128. A GPU would not go wrong, but take that much longer.
void requireOtherBanks(const unsigned* to, unsigned count) {
  for (unsigned i = 0; i < count; ++i)
    for (unsigned j = 0; j < i; ++j)
      if (to[i] % 128 == to[j] % 128)
        throw std::logic_error("two that write at once write to the same banks");
}

}  // namespace

void writePair(unsigned to, unsigned x, unsigned y) {
  if (to % 8 != 0) throw std::logic_error("a pair of words is written off its boundary");
  Warp& warp = blocks[current->block].warps[current->index / 32];
  const unsigned lane = current->index % 32, turn = static_cast<unsigned>(warp.meeting.turn % 2);
  warp.rows[turn][lane] = to;
  meet(warp.meeting, 32, "a pair of words of its warp", 0);
  requireOtherBanks(warp.rows[turn] + lane / 16 * 16, 16);  // half a warp at once
  write(to, x);
  write(to + 4, y);
}

void writeMatrices(unsigned to, const unsigned (&words)[4]) {
  if (to % 16 != 0) throw std::logic_error("stmatrix: a row off its boundary");
  Warp& warp = blocks[current->block].warps[current->index / 32];
  const unsigned lane = current->index % 32, turn = static_cast<unsigned>(warp.meeting.turn % 2);
  warp.rows[turn][lane] = to;
  meet(warp.meeting, 32, "stmatrix of its warp", 0);
  requireOtherBanks(warp.rows[turn] + lane / 8 * 8, 8);  // one matrix at once
  for (unsigned matrix = 0; matrix < 4; ++matrix)
    write(warp.rows[turn][matrix * 8 + lane / 4] + lane % 4 * 4, words[matrix]);
}

void leave(unsigned* to, const unsigned (&words)[4]) {
  current->left.push_back({to, {words[0], words[1], words[2], words[3]}});
}

unsigned countArrival(unsigned* counter) {
  std::vector<Left>& seen = blocks[current->block].left;
  hand(current->left, seen);
  for (const Left& left : seen) std::copy(std::begin(left.words), std::end(left.words), left.to);
  seen.clear();
  return (*counter)++;
}

void fence() {
  Block& mine = blocks[current->block];
  for (const auto& [to, word] : current->unfenced) std::memcpy(mine.shared.data() + to, &word, sizeof word);
  current->unfenced.clear();
  for (const auto& [address, count] : current->newBarriers)
    mine.barriers[address] = {count, count, 0, 0, current->index, meetingsOf(mine)};
  current->newBarriers.clear();
}

}  // namespace machine
