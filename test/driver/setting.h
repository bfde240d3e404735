// What a test tells the simulated libraries, by environment variables:
//
//   NAMEPLATE_SIMULATE             the card: a row of card.cc, or two-h200; default h200-sxm-141gb
//   NAMEPLATE_SIMULATE_MEMORY      bytes that can be allocated on it, whatever size it reports; default 4 GiB
//   NAMEPLATE_SIMULATE_L2          bytes of cache that it reports; default 1 MiB, so that small arrays leave
//   it NAMEPLATE_SIMULATE_EFFICIENCY  the share of its peak that work reaches; default 0.9
//   NAMEPLATE_SIMULATE_CONDITION   steady (default), power-cap, thermal or pcie-x4
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
  double watts;  // share of the power limit drawn
  unsigned celsius;
  unsigned long long reasons;  // nvmlClocksEventReasons
  unsigned linkWidth;
};

const Condition& condition();

}  // namespace nameplate::simulated
