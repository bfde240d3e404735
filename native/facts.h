// What is here: devices as they describe themselves, the libraries that were found, and what is missing.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace nameplate {

// Cores of one kind that a run uses. The numbers name a microarchitecture and are not interpreted here.
struct CoreGroup {
  std::string vendor;                 // "AuthenticAMD"; an Arm implementer, "0x41"
  std::size_t family = 0, model = 0;  // on Arm the architecture and the part
  std::string kind;                   // "performance", "efficiency"; empty where all are alike
  std::size_t count = 0;
  std::optional<double> maxClockHz;  // mean of their highest clocks, where the system gives them
};

// A cache, as the system describes it.
struct Cache {
  std::size_t level = 0;
  double bytes = 0;          // of one of them
  std::size_t sharedBy = 1;  // threads of a run, or multiprocessors, that share one
};

// PCI Express: what one end of a link can do.
struct LinkEnd {
  double generation = 0, width = 0;
};

// Memory that failed and was put out of use for good: rows remapped to spare ones, and before Ampere pages
// retired.
struct MemoryRepair {
  bool rows = true;
  double corrected = 0, uncorrected = 0;  // how many, by the kind of error
  bool pending = false;                   // more await a reset
  std::optional<bool> failed;             // rows only: one could not be remapped, now or ever
};

// What a device says of itself. An absent value means that it did not say. Clocks in Hz, power in watts.
struct Facts {
  std::string id;       // "cpu", "cuda:0"
  std::string backend;  // "cpu", "cuda"
  std::string name;     // as the driver or the processor prints it
  std::optional<std::string> uuid;
  std::optional<std::string> computeCapability;  // "9.0"
  std::optional<std::string> driver;             // the driver's version, "580.159"
  std::optional<std::string> driverApi;          // the CUDA version that the driver speaks, "13.0"
  std::size_t multiprocessors = 0;               // SMs present, or processor cores that this process may use
  std::size_t threads = 0;                       // CPU only: the threads a run uses
  std::size_t mostThreads = 0;                   // CPU only: the CPUs that this process may run on
  std::string placement;                         // CPU only: in words, which cores are used and why
  std::vector<CoreGroup> cores;                  // CPU only: those that a run uses
  double memoryBytes = 0;
  double l2Bytes = 0;         // the last-level cache of a CPU
  std::vector<Cache> caches;  // of data, the nearest first
  std::optional<double> maxClockHz, maxMemoryClockHz;
  std::optional<double> memoryBusBits;
  std::optional<double> powerLimitWatts, powerLimitDefaultWatts;
  std::optional<bool> ecc;
  std::optional<MemoryRepair> memoryRepair;
  std::optional<std::string> recoveryAction;  // what the driver wants done about a fault, or "none"
  bool mig = false;
  bool integrated = false;
  bool simulated = false;  // a stand-in for tests answered: nothing here may pass for a measurement
  std::optional<std::string> pciBusId, pciDeviceId;  // "00000000:1B:00.0", "0x2330"
  std::optional<double> linkGeneration, linkWidth, linkMaxGeneration, linkMaxWidth;
  std::optional<LinkEnd> linkCard, linkSlot;  // what each end of the link can do by itself
  std::optional<double> numaNode;             // the host's, that the device is attached to
  // Of a CPU its instruction sets; of a GPU "MPS", "confidential computing".
  std::vector<std::string> features;
};

// Something that a fuller installation would have here, and how to get it.
struct Absence {
  std::string what, reason, remedy;
  std::string code{};  // of the error that says so, where one does: "CUDA_ERROR_NO_DEVICE"
};

// A shared library opened at run time.
struct Library {
  std::string name, path, version;
};

}  // namespace nameplate
