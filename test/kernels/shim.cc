// The fibers behind shim.h.
#include <setjmp.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
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

struct Copy {
  void* to;
  const void* from;
  unsigned group;
};

struct Thread {
  ucontext_t context;  // to begin with; swapcontext would ask the kernel for the signal mask at every switch
  jmp_buf place;
  bool begun = false;
  std::unique_ptr<std::byte[]> stack{new std::byte[stackBytes]};
  State state = State::done;
  Index index;
  unsigned lane = 0, warp = 0;
  int line = 0;                // of the block barrier it waits at
  const char* site = nullptr;  // of the warp operation it waits in
  std::vector<Copy> copies;    // asynchronous ones that have not landed
  unsigned group = 0;          // that its next copy belongs to
};

struct Warp {
  // Two turns: whoever brings something to the next operation must not disturb who still reads of this one.
  alignas(16) std::byte brought[2][lanes][maxSharedBytes];
  std::array<unsigned, lanes> turn{};
  unsigned waiting = 0;
};

std::vector<Thread> threads(maxThreads);
std::array<Warp, maxThreads / lanes> warps;
jmp_buf scheduler;
Thread* current = nullptr;
Index block, grid, blockAt;
unsigned running = 0, waiting = 0;  // threads of the block that have not returned; those at its barrier
const std::function<void()>* body = nullptr;
std::string fault;  // a fiber cannot throw past its own stack
bool copiesLandAtOnce = false;

// Shared memory of one launch. NaNs at first; a block finds what the one before it left.
class Dynamic {
 public:
  explicit Dynamic(std::size_t bytes)
      : page_(static_cast<std::size_t>(sysconf(_SC_PAGESIZE))),
        mapped_((bytes + page_ - 1) / page_ * page_ + page_),
        start_(mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) {
    if (start_ == MAP_FAILED || bytes % 16 != 0) throw std::logic_error("shared memory of whole 16 bytes");
    auto* const fence = static_cast<std::byte*>(start_) + mapped_ - page_;
    mprotect(fence, page_, PROT_NONE);
    data = fence - bytes;
    std::memset(data, 0x7f, bytes);
  }
  ~Dynamic() { munmap(start_, mapped_); }
  Dynamic(const Dynamic&) = delete;
  Dynamic& operator=(const Dynamic&) = delete;
  std::byte* data;

 private:
  std::size_t page_, mapped_;
  void* start_;
};
const Dynamic* dynamic = nullptr;

void run() {
  try {
    (*body)();
  } catch (const std::exception& error) {
    fault = error.what();
  }
  current->state = State::done;
  --running;
  _longjmp(scheduler, 1);
}

void yield(State state) {
  current->state = state;
  if (_setjmp(current->place) == 0) _longjmp(scheduler, 1);
}

// Runs the current thread until it waits or ends.
[[gnu::noinline]] void resume() {
  if (_setjmp(scheduler) != 0) return;
  if (current->begun) _longjmp(current->place, 1);
  current->begun = true;
  setcontext(&current->context);
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
  thread.copies.clear();
  thread.group = 0;
  thread.begun = false;
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
        resume();
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

void launch(unsigned blocks, Index size, Order order, const std::function<void()>& kernel,
            unsigned sharedBytes) {
  const unsigned count = size.x * size.y * size.z;
  if (count == 0 || count > maxThreads || count % lanes != 0)
    throw std::logic_error("a block of whole warps is wanted");
  block = size;
  grid = {blocks, 1, 1};
  body = &kernel;
  const Dynamic shared(sharedBytes);
  dynamic = &shared;
  copiesLandAtOnce = order == Order::backward;
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

uint4* dynamicShared() {
  return reinterpret_cast<uint4*>(dynamic->data);
}

void startCopy(void* shared, const void* global) {
  if ((reinterpret_cast<std::uintptr_t>(shared) | reinterpret_cast<std::uintptr_t>(global)) % 16 != 0)
    throw std::logic_error("cp.async wants 16-byte boundaries");
  if (copiesLandAtOnce)
    std::memcpy(shared, global, 16);
  else
    current->copies.push_back({shared, global, current->group});
}

void closeGroup() {
  ++current->group;
}

void waitForGroups(unsigned left) {
  std::erase_if(current->copies, [left](const Copy& copy) {
    const bool waitedFor = copy.group + left < current->group;
    if (waitedFor) std::memcpy(copy.to, copy.from, 16);
    return waitedFor;
  });
}

}  // namespace emulation
