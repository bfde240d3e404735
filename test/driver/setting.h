// What a test tells the simulated libraries, by environment variables:
//
//   NAMEPLATE_SIMULATE             the card: a row of card.cc, two-h200 or three-h200; default
//                                  h200-sxm-141gb
//   NAMEPLATE_SIMULATE_SERIAL      a number that goes into the UUIDs: a machine of its own for a test, which
//                                  need not wait until another one has released the device; default 0
//   NAMEPLATE_SIMULATE_MEMORY      bytes that can be allocated on it, whatever size it reports; default 4 GiB
//   NAMEPLATE_SIMULATE_L2          bytes of cache that it reports; default 1 MiB: small arrays leave it
//   NAMEPLATE_SIMULATE_DRIVER      the CUDA version it speaks, as cuDriverGetVersion says; default 13000
//   NAMEPLATE_SIMULATE_CUBLASLT    the version of its cuBLASLt, as cublasLtGetVersion says; default 130001,
//                                  on Volta 120803
//   NAMEPLATE_SIMULATE_CUSPARSELT  the version of its cuSPARSELt, as 801 for 0.8.1; default that
//   NAMEPLATE_SIMULATE_MPS         the SMs that an MPS server gives this client; default no server
//   NAMEPLATE_SIMULATE_CONFIDENTIAL  on: what crosses the link is encrypted; default off
//   NAMEPLATE_SIMULATE_EFFICIENCY  the share of its peak that work reaches; default 0.9
//   NAMEPLATE_SIMULATE_SUBMIT      seconds that the card waits for each launch that no graph replays; default
//                                  next to none
//   NAMEPLATE_SIMULATE_RISE        seconds of work, from the first graph on, at half its clock; default next
//                                  to none
//   NAMEPLATE_SIMULATE_SUM_BITS    that its tensor cores keep of a sum of FP8 products; default 52, a
//                                  double's
//   NAMEPLATE_SIMULATE_CONDITION   steady (default), power-cap, lowered-limit, thermal, pcie-x4 or
//                                  board-limits
//   NAMEPLATE_SIMULATE_CORRECTED, NAMEPLATE_SIMULATE_UNCORRECTED, NAMEPLATE_SIMULATE_REPLAYS
//                                  errors of its memory, and packets sent twice over PCI Express, by which
//                                  the counters rise in a second; default none
//   NAMEPLATE_SIMULATE_REPAIR      of its memory: none (default), two rows or pages for uncorrectable errors
//                                  and one for correctable ones (done), which await a reset (pending), or of
//                                  which one could not be (failed)
//   NAMEPLATE_SIMULATE_UNCORRECTED_ON  the slot, from 0, of the one card whose memory does so; default all
//   NAMEPLATE_SIMULATE_RECOVERY    what the driver wants done about a fault, by NVML's number; default none
//   NAMEPLATE_SIMULATE_OTHERS      how many other processes are on each card; default none
//   NAMEPLATE_SIMULATE_OTHERS_SMS  percent of the time that each of them uses the SMs; default none of it
//   NAMEPLATE_SIMULATE_PROCESSES   how this process is listed among those of a card: by its own pid (default:
//                                  own), with its parent (parent), by a thread of it (thread), as all are
//                                  twice (twice), by the host's pid (host), by its own while the use of SMs
//                                  is told by pids of the host (mixed), not at all (hidden), or to nobody of
//                                  this user (forbidden)
//   NAMEPLATE_SIMULATE_NVLINKS_DOWN  how many of its NVLinks are not active; default none
//   NAMEPLATE_SIMULATE_PEERS       how two cards reach each other: nvlink (default), pcie or none; lossy:
//                                  over PCI Express, and what is copied does not arrive
//   NAMEPLATE_SIMULATE_MOST_PEERS  ways from one card into another that may be open at a time; default 16
//   NAMEPLATE_SIMULATE_ROOT        a folder whose sys/ tells of slots and NUMA nodes; default /
//   NAMEPLATE_SIMULATE_BUS         a file for bus.h
//   NAMEPLATE_SIMULATE_LEDGER      a file for ledger.h
//   NAMEPLATE_FAULT                what goes wrong: fault.h
//
// A value that makes no sense ends the process: a misspelled test must not pass.
#pragma once

#include <string>

namespace nameplate::simulated {

std::string setting(const char* name, const std::string& otherwise);
double number(const char* name, double otherwise);
[[noreturn]] void refuse(const std::string& what);

struct Condition {
  std::string name;
  double clock;  // share of the clock that would be held
  double limit;  // enforced power limit, as a share of the default one
  double watts;  // share of the enforced limit drawn
  unsigned celsius;
  unsigned long long reasons;  // nvmlClocksEventReasons
  unsigned linkWidth;
};

const Condition& condition();

}  // namespace nameplate::simulated
