// What was taken from the driver and not given back.
//
// When a context is released for the last time, NAMEPLATE_SIMULATE_LEDGER names a file that gets one line of
// JSON with these counts. A process that is killed, or ends by process.exit(), gives nothing back and writes
// none.
#pragma once

namespace nameplate::simulated {

struct Ledger {
  long allocations = 0, pinned = 0, streams = 0, events = 0, graphs = 0, executables = 0, modules = 0;
  void close() const;
};

Ledger& ledger();

}  // namespace nameplate::simulated
