// What the parts of the emulated machine share with each other, and with nobody else.
#pragma once

#include <cstring>
#include <deque>
#include <map>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "machine.h"

namespace machine {

// Addresses begin where they do on Hopper, behind a kilobyte that the system keeps.
constexpr unsigned firstShared = 1024, sharedBytes = 232448;

struct Barrier {
  unsigned count, pending, phase;
  int bytes;  // that are still to come; below zero while they come before they are expected
  // Whose it is, and how often its block had met then: until it has met again, no other thread knows of it.
  unsigned maker;
  std::uint64_t meetings;
};

// Written to global memory, and not yet to be seen by other blocks.
struct Left {
  unsigned *to, words[4];
};

struct Meeting {
  unsigned waiting = 0;
  std::uint64_t turn = 0;
  bool any[2] = {};        // of those that came, one said yes; in turns
  std::vector<Left> left;  // by those that have come
};

struct Warp {
  Meeting meeting;
  unsigned rows[2][32];
};

// A multiply, begun by the threads of a warpgroup one after the other.
struct Multiplication {
  Input input;
  unsigned columns;
  std::uint64_t a, b;
  bool accumulate, sparse;
  unsigned selector;
  unsigned threads = 0;  // that have begun it
  void* sums[128] = {};
  const unsigned* metadata[128] = {};  // read when the multiply is done
};

struct Warpgroup {
  std::deque<Multiplication> begun;  // and not done
  std::size_t done = 0;              // before those
};

struct Block {
  unsigned index = 0, threads = 0, ended = 0;
  std::vector<Left> left;  // by threads that have met
  std::vector<std::byte> shared = std::vector<std::byte>(firstShared + sharedBytes);
  std::map<unsigned, Barrier> barriers;
  std::map<unsigned, Meeting> named;
  std::vector<Warp> warps;
  std::vector<Warpgroup> warpgroups;
  std::vector<unsigned> registers;  // per thread, of each warpgroup
  unsigned allRegisters = 0;        // of them together, as many as the block is started with

  void begin(unsigned at, unsigned count) {
    index = at;
    threads = count;
    ended = 0;
    left.clear();
    // What an earlier block left: NaN in every format.
    std::memset(shared.data(), 0x7f, shared.size());
    barriers.clear();
    named.clear();
    warps.assign(count / 32, {});
    warpgroups.assign(count / 128, {});
    // What __launch_bounds__(count, 1) lets the compiler take.
    registers.assign(count / 128, 65536 / count / 8 * 8);
    allRegisters = 65536 / count / 8 * 8 * (count / 128);
  }
};

struct Store {
  const nameplate::TensorMap* map;
  int x, y;
  unsigned from, block;
};

struct Thread {
  unsigned block = 0, index = 0;
  bool done = false;
  std::function<bool()> ready;  // null where nothing is waited for
  const char* what = "";
  unsigned detail = 0;
  std::vector<std::pair<unsigned, unsigned>> unfenced;  // writes: address, word
  std::vector<Left> left;
  std::vector<std::pair<unsigned, unsigned>> newBarriers;  // address, count
  std::vector<Store> uncommitted;
  std::deque<std::vector<Store>> stores;  // committed, and not yet read
  std::size_t begun = 0;                  // multiplies
  std::vector<std::size_t> committed;     // how many had been begun at each commit
  bool sumsFenced = false;
};

extern std::vector<Block> blocks;  // of the cluster that runs
// Of this launch, the corners of the boxes that have been stored.
extern std::set<std::tuple<const nameplate::TensorMap*, int, int>> stored;
extern Thread* current;
extern Timing timing;

// Lets others run until ready().
void await(const char* what, unsigned detail, std::function<bool()> ready);
// The address, where that many bytes from it on are shared memory.
unsigned inShared(unsigned address, unsigned bytes);
// Where the 128-byte swizzle puts the byte at an address: bits 4 to 6 are xored with bits 7 to 9.
inline unsigned swizzled(unsigned address) {
  return address ^ (address >> 7 & 7) << 4;
}
void complete(unsigned barrier, unsigned rank, unsigned bytes);

// The copy engine does one thing of what it has been asked for; false where there is nothing.
bool runOneCopy();
void finishCopies();
// Throws where something is under way in the memory of a block whose threads have all ended.
void checkEnd(unsigned block);

}  // namespace machine
