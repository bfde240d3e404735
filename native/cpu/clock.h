// The clock that the cores run at, where nothing reports it: a virtual machine has no counters for it.
#pragma once

#include <vector>

#include "cpu/threads.h"

namespace nameplate::cpu {

// In Hz, of every core that `threads` run on, all at once; takes about half a millisecond. A chain of
// additions, each of which needs the one before, advances by one addition a clock on every processor that we
// know. Empty for instruction sets that we have no chain for.
std::vector<double> coreClocks(Threads& threads);

}  // namespace nameplate::cpu
