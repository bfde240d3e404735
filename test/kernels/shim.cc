// The fibers behind shim.h, and the one instruction that the kernels write as PTX.
#include <ucontext.h>

#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace emulation {
namespace {

constexpr std::size_t stackBytes = 128 * 1024;
constexpr unsigned maxThreads = 1024, lanes = 32;

enum class State { ready, atBlockBarrier, atWarpBarrier, done };

struct Thread {
  ucontext_t context;
  std::unique_ptr<std::byte[]> stack{new std::byte[stackBytes]};
  State state = State::done;
  Index index;
  unsigned lane = 0, warp = 0;
  int line = 0;                // of the block barrier it waits at
  const char* site = nullptr;  // of the warp operation it waits in
};

struct Warp {
  // Two turns: whoever brings something to the next operation must not disturb who still reads of this one.
  alignas(16) std::byte brought[2][lanes][maxSharedBytes];
  std::array<unsigned, lanes> turn{};
  unsigned waiting = 0;
};

std::vector<Thread> threads(maxThreads);
std::array<Warp, maxThreads / lanes> warps;
ucontext_t scheduler;
Thread* current = nullptr;
Index block, grid, blockAt;
unsigned running = 0, waiting = 0;  // threads of the block that have not returned; those at its barrier
const std::function<void()>* body = nullptr;
std::string fault;  // a fiber cannot throw past its own stack

void run() {
  try {
    (*body)();
  } catch (const std::exception& error) {
    fault = error.what();
  }
  current->state = State::done;
  --running;
  swapcontext(&current->context, &scheduler);
}

void yield(State state) {
  current->state = state;
  swapcontext(&current->context, &scheduler);
}

void waitForWarp(const char* site) {
  Warp& warp = warps[current->warp];
  Thread* const first = &threads[current->warp * lanes];
  current->site = site;
  if (++warp.waiting < lanes) return yield(State::atWarpBarrier);
  for (Thread* thread = first; thread != first + lanes; ++thread) {
    if (std::strcmp(thread->site, site) != 0)
      throw std::logic_error("the lanes of a warp went separate ways");
    thread->state = State::ready;
  }
  warp.waiting = 0;
}

void prepare(unsigned i) {
  Thread& thread = threads[i];
  thread.state = State::ready;
  thread.index = {i % block.x, i / block.x % block.y, i / block.x / block.y};
  thread.lane = i % lanes;
  thread.warp = i / lanes;
  getcontext(&thread.context);
  thread.context.uc_stack.ss_sp = thread.stack.get();
  thread.context.uc_stack.ss_size = stackBytes;
  makecontext(&thread.context, run, 0);
}

void runBlock(unsigned count, Order order) {
  running = count;
  waiting = 0;
  for (unsigned i = 0; i < count; ++i) prepare(i);
  for (Warp& warp : warps) warp.waiting = 0, warp.turn.fill(0);
  // Each warp runs as far as it can before the next one starts.
  const auto runWarp = [&](unsigned first) {
    bool progressed = false, again = true;
    while (again) {
      again = false;
      for (unsigned i = first; i < first + lanes; ++i) {
        Thread& thread = threads[order == Order::forward ? i : count - 1 - i];
        if (thread.state != State::ready) continue;
        progressed = again = true;
        current = &thread;
        swapcontext(&scheduler, &thread.context);
        if (!fault.empty()) throw std::logic_error(std::exchange(fault, ""));
      }
    }
    return progressed;
  };
  while (running > 0) {
    bool progressed = false;
    for (unsigned first = 0; first < count; first += lanes) progressed |= runWarp(first);
    if (!progressed) throw std::logic_error("threads of a block wait for others that never come");
  }
}

}  // namespace

void launch(unsigned blocks, Index size, Order order, const std::function<void()>& kernel) {
  const unsigned count = size.x * size.y * size.z;
  if (count == 0 || count > maxThreads || count % lanes != 0)
    throw std::logic_error("a block of whole warps is wanted");
  block = size;
  grid = {blocks, 1, 1};
  body = &kernel;
  for (unsigned i = 0; i < blocks; ++i) {
    blockAt = {order == Order::forward ? i : blocks - 1 - i, 0, 0};
    runBlock(count, order);
  }
}

const Index& threadIndex() {
  return current->index;
}
const Index& blockIndex() {
  return blockAt;
}
const Index& blockSize() {
  return block;
}
const Index& gridSize() {
  return grid;
}
unsigned lane() {
  return current->lane;
}

void waitForBlock(int line) {
  current->line = line;
  const unsigned count = block.x * block.y * block.z;
  if (++waiting < count) return yield(State::atBlockBarrier);
  for (unsigned i = 0; i < count; ++i) {
    if (threads[i].line != line) throw std::logic_error("threads of a block wait at different barriers");
    threads[i].state = State::ready;
  }
  waiting = 0;
}

Lanes shareWithWarp(const void* mine, std::size_t bytes, const char* site) {
  Warp& warp = warps[current->warp];
  const unsigned turn = warp.turn[current->lane]++ % 2;
  std::memcpy(warp.brought[turn][current->lane], mine, bytes);
  waitForWarp(site);
  return warp.brought[turn];
}

}  // namespace emulation

int mmaSumBits = 23;

// Fragments as the PTX ISA tabulates them ("Matrix Fragments for mma.m16n8k32", 8-bit types), each lane
// looking up who holds what it needs: written from the tables, not from the kernel.
void emulateMma(const char* type, float (&c)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
  const double* values = type == std::string("e4m3") ? decoded<nameplate::DType::fp8e4m3>()
                                                     : decoded<nameplate::DType::fp8e5m2>();
  struct Brought {
    unsigned a[4], b[2];
  } const mine{{a[0], a[1], a[2], a[3]}, {b[0], b[1]}};
  const emulation::Lanes lanes = emulation::shareWithWarp(&mine, sizeof mine, type);
  const auto byte = [values](unsigned word, int i) { return values[(word >> (8 * i)) & 0xff]; };
  // row of ai: groupID for i < 4 and 8 <= i < 12, else groupID + 8; column: threadID_in_group * 4 + (i & 3),
  // + 16 for i >= 8.
  const auto elementA = [&](int row, int column) {
    const int lane = row % 8 * 4 + column % 16 / 4;
    const int i = column % 4 + (row >= 8 ? 4 : 0) + (column >= 16 ? 8 : 0);
    return byte(reinterpret_cast<const Brought*>(lanes[lane])->a[i / 4], i % 4);
  };
  // row of bi: threadID_in_group * 4 + (i & 3), + 16 for i >= 4; column: groupID.
  const auto elementB = [&](int row, int column) {
    const int lane = column * 4 + row % 16 / 4;
    const int i = row % 4 + (row >= 16 ? 4 : 0);
    return byte(reinterpret_cast<const Brought*>(lanes[lane])->b[i / 4], i % 4);
  };
  // row of ci: groupID for i < 2, else groupID + 8; column: threadID_in_group * 2 + (i & 1).
  const int group = static_cast<int>(emulation::lane()) / 4, member = static_cast<int>(emulation::lane()) % 4;
  for (int i = 0; i < 4; ++i) {
    double sum = c[i];
    for (int k = 0; k < 32; ++k) sum += elementA(group + i / 2 * 8, k) * elementB(k, member * 2 + i % 2);
    int exponent = 0;
    const double fraction = std::frexp(sum, &exponent);  // in [0.5, 1): one bit more than the mantissa's
    c[i] = static_cast<float>(
        std::ldexp(std::trunc(std::ldexp(fraction, mmaSumBits + 1)), exponent - mmaSumBits - 1));
  }
}
