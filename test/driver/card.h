// The cards that the simulated driver can be: what a device of that name reports, and the rates its time
// model is made of.
//
// The figures are those that src/specs/ documents, written down a second time on purpose: a typing error
// there shows as a wrong verdict here.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <vector>

namespace nameplate::simulated {

// What a GEMM exhausts. `dp4a` is the integer instruction of the vector units.
enum class Unit { vectorFp64, vectorFp32, dp4a, tensorFp64, tf32, fp16, fp16acc16, bf16, fp8, int8 };

using Rates = std::array<double, 10>;  // by Unit: multiply-adds per clock and multiprocessor; 0: it has none

struct Card {
  std::string id, name;
  int capability;  // 90 for 9.0
  unsigned multiprocessors;
  std::size_t memoryBytes;
  double boostHz, heldHz;  // the highest clock, and the one it settles at under load
  double memoryClockHz;
  int busBits;
  double bandwidth;
  double watts;
  unsigned pciId;
  unsigned linkGeneration;
  bool ecc, memorySensor;
  unsigned nvlinks, nvlinkVersion;
  const Rates* rates;
  unsigned ordinal = 0;  // CUDA's count of the devices that are there
  unsigned slot = 0;     // its place on the bus, which does not change when another one is gone

  bool mig() const { return name.find(" MIG ") != name.npos; }
  // "GPU-…" or "MIG-…" as the driver's bytes would be printed, and "0000:1B:00.0" in NVML's form.
  std::array<unsigned char, 16> uuid() const;
  std::string uuidText() const;
  unsigned busNumber() const { return 0x1b + slot; }
  std::string busId() const;
  double rate(Unit unit) const { return (*rates)[static_cast<std::size_t>(unit)]; }
};

// What NAMEPLATE_SIMULATE names, less what fell off the bus; a name that is not in the table ends the process
// with a list of those that are.
const std::vector<Card>& cards();

}  // namespace nameplate::simulated
