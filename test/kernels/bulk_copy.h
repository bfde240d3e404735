// The copy engine of kernels/bulk_copy.h, for the emulation: it copies at once, or as late as it may.
//
// Late is when somebody waits for it; until then the place in shared memory holds poison. So a kernel that
// reads before it has waited, or fills a place before its store has read it, gives a wrong result every time.
#pragma once

#include <cstddef>

namespace nameplate::bulk {

enum class Engine { prompt, late };

// For the next launches; forgets all barriers and copies, and makes the block's shared memory `sharedBytes`
// long: it ends at a page that may not be touched.
void begin(Engine, std::size_t sharedBytes);

unsigned sharedMemory();

// These throw std::logic_error where a GPU would hang or fault.
void initialize(unsigned barrier, unsigned count);
void fenceForCopyEngine();
void arriveExpecting(unsigned barrier, unsigned bytes);
void waitFor(unsigned barrier, unsigned parity);
void load(unsigned to, const void* from, unsigned bytes, unsigned barrier);
void store(void* to, unsigned from, unsigned bytes);
void commitStores();
void waitForStoresButLast(unsigned pending);
template <unsigned pending>
void waitForStoresToRead() {
  waitForStoresButLast(pending);
}
inline void waitForStores() {
  waitForStoresButLast(0);
}

}  // namespace nameplate::bulk
