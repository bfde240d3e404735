#include "bulk_copy.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <deque>
#include <map>
#include <stdexcept>
#include <vector>

namespace nameplate::bulk {
namespace {

struct Copy {
  void* to;
  const void* from;
  unsigned bytes;
  void run() const { std::memcpy(to, from, bytes); }
};

struct Phase {
  bool fenced = false, arrived = false;
  unsigned expected = 0, came = 0, over = 0;  // phases that are over
  std::vector<Copy> underWay;

  void finish() {
    if (!arrived || came != expected) return;
    arrived = false;
    expected = came = 0;
    ++over;
  }
};

Engine engine = Engine::prompt;
std::map<unsigned, Phase> phases;      // by the address of the barrier
std::deque<std::vector<Copy>> groups;  // of stores, the last one open
// Shared memory begins where it does on a GPU, behind a kilobyte that the system keeps.
constexpr unsigned firstShared = 1024;
unsigned char* memory = nullptr;

unsigned char* shared(unsigned address) {
  return memory + (address - firstShared);
}

Phase& phaseOf(unsigned barrier) {
  const auto found = phases.find(barrier);
  if (found == phases.end()) throw std::logic_error("a barrier that nobody has initialised");
  return found->second;
}

void requireBulk(const void* to, const void* from, unsigned bytes) {
  if ((reinterpret_cast<std::uintptr_t>(to) | reinterpret_cast<std::uintptr_t>(from) | bytes) % 16 != 0 ||
      bytes == 0)
    throw std::logic_error("a bulk copy is of whole pieces of 16 bytes");
}

}  // namespace

void begin(Engine how, std::size_t sharedBytes) {
  engine = how;
  phases.clear();
  groups.assign(1, {});
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  const std::size_t pages = (sharedBytes + page - 1) / page * page;
  void* const made = mmap(nullptr, pages + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (made == MAP_FAILED) throw std::logic_error("no memory");
  auto* const fence = static_cast<unsigned char*>(made) + pages;
  mprotect(fence, page, PROT_NONE);
  memory = fence - sharedBytes;
}

unsigned sharedMemory() {
  return firstShared;
}

// A block begins with its barriers new, and with no copy of the block before under way.
void initialize(unsigned barrier, unsigned count) {
  if (barrier % 8 != 0 || count != 1) throw std::logic_error("a barrier of 8 bytes, for one arrival");
  std::memset(shared(barrier), 0, 8);
  phases[barrier] = {};
  if (groups.size() > 1 || !groups.back().empty())
    throw std::logic_error("a block ended before its stores had");
}

void fenceForCopyEngine() {
  for (auto& [barrier, phase] : phases) phase.fenced = true;
}

void arriveExpecting(unsigned barrier, unsigned bytes) {
  Phase& phase = phaseOf(barrier);
  if (phase.arrived) throw std::logic_error("two arrivals where one was agreed on");
  phase.arrived = true;
  phase.expected += bytes;
  phase.finish();
}

void load(unsigned address, const void* from, unsigned bytes, unsigned barrier) {
  unsigned char* const to = shared(address);
  requireBulk(to, from, bytes);
  Phase& phase = phaseOf(barrier);
  if (!phase.fenced) throw std::logic_error("the copy engine does not know the barrier yet");
  const Copy copy{to, from, bytes};
  if (engine == Engine::prompt) {
    copy.run();
    phase.came += bytes;
    return phase.finish();
  }
  std::memset(to, 0x7f, bytes);
  phase.underWay.push_back(copy);
}

void waitFor(unsigned barrier, unsigned parity) {
  Phase& phase = phaseOf(barrier);
  const auto isOver = [&] { return phase.over % 2 != parity; };
  if (isOver()) return;
  for (const Copy& copy : phase.underWay) {
    copy.run();
    phase.came += copy.bytes;
  }
  phase.underWay.clear();
  phase.finish();
  if (!isOver()) throw std::logic_error("a thread waits for a phase that never ends");
}

void store(void* to, unsigned address, unsigned bytes) {
  const unsigned char* const from = shared(address);
  requireBulk(to, from, bytes);
  const Copy copy{to, from, bytes};
  if (engine == Engine::prompt) copy.run();
  groups.back().push_back(copy);
}

void commitStores() {
  groups.emplace_back();
}

void waitForStoresButLast(unsigned pending) {
  while (groups.size() > pending + 1) {
    if (engine == Engine::late)
      for (const Copy& copy : groups.front()) copy.run();
    groups.pop_front();
  }
}

}  // namespace nameplate::bulk
