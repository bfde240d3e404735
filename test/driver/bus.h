// The bus that the devices hang on, which outlives a process: NAMEPLATE_SIMULATE_BUS names a file that keeps
// the slots of those that fell off it.
#pragma once

#include <vector>

namespace nameplate::simulated {

// Slots whose device was gone when this process began.
std::vector<unsigned> emptySlots();

// Notes that the device in `slot` is gone; without the file, only this process knows.
void leaveBus(unsigned slot);

}  // namespace nameplate::simulated
