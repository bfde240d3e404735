// What was taken from the driver and not given back, and which faults struck.
//
// NAMEPLATE_SIMULATE_LEDGER names a file that gets a line of JSON with these counts whenever a context is
// released for the last time, and one with the name of the call whenever a planned fault strikes. A process
// that is killed, or ends by process.exit(), gives nothing back and writes no counts.
#pragma once

#include <atomic>
#include <string>

namespace nameplate::simulated {

struct Ledger {
  long allocations = 0, pinned = 0, streams = 0, events = 0, graphs = 0, executables = 0, modules = 0;
  std::atomic<long> libraryObjects = 0;  // of the libraries, which do not wait for the driver's turn
  void close() const;
  void struck(const std::string& call) const;
};

Ledger& ledger();

}  // namespace nameplate::simulated
