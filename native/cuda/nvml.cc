#include "cuda/nvml.h"

#include <array>
#include <cstdio>

#include "cuda/library.h"
#include "cuda/sensor.h"

namespace nameplate::cuda {
namespace {

struct Opened {
  Nvml nvml;
  std::optional<Absence> absence;

  void fail(std::string reason) {
    absence =
        Absence{"NVML", std::move(reason),
                "it comes with the NVIDIA driver; in a container, NVIDIA_DRIVER_CAPABILITIES must include "
                "utility. Without it no clocks, power or temperature are recorded"};
  }

  void open() {
    const SharedLibrary library("libnvidia-ml.so.1");
    if (!library.open()) return fail("its library could not be opened: " + library.reason());
    nvml.path = library.path();
#define NAMEPLATE_RESOLVE(name, symbol, arguments) library.resolve(nvml.name, #symbol);
    NAMEPLATE_NVML_CALLS(NAMEPLATE_RESOLVE)
#undef NAMEPLATE_RESOLVE
    library.resolve(nvml.errorString, "nvmlErrorString");
    if (!nvml.init || !nvml.byUuid || !nvml.byPciBusId)
      return fail(nvml.path + " lacks nvmlInit_v2 or the look-up of a device: the driver is too old");
    if (const NvmlReturn result = nvml.init(); result != 0) {
      const char* text = nvml.errorString ? nvml.errorString(result) : nullptr;
      return fail("nvmlInit failed: " + (text ? std::string(text) : "error " + std::to_string(result)));
    }
    char version[96] = "";
    if (nvml.nvmlVersion && nvml.nvmlVersion(version, sizeof version) == 0) nvml.version = version;
  }
};

const Opened& opened() {
  return openedOnce<Opened>();
}

// What a call of one unsigned result gives, times `unit`; nothing where the call or the device lacks it.
template <typename Call, typename... Arguments>
std::optional<double> ask(double unit, Call call, Arguments... arguments) {
  unsigned value = 0;
  if (!call || call(arguments..., &value) != 0) return std::nullopt;
  return value * unit;
}

// How many pages were retired for `cause`. The count is given though there is no room for their addresses.
std::optional<double> retiredPages(NvmlDevice device, int cause) {
  unsigned count = 0;
  const NvmlReturn result = nvml()->retiredPages(device, cause, &count, nullptr);
  if (result != 0 && result != nvmlInsufficientSize) return std::nullopt;
  return count;
}

// Absent where the device has neither, and of a GPU cut into slices: "not supported", nvml.h says.
std::optional<MemoryRepair> memoryRepair(NvmlDevice device) {
  const Nvml& library = *nvml();
  unsigned corrected = 0, uncorrected = 0, rowPending = 0, failed = 0;
  if (library.remappedRows &&
      library.remappedRows(device, &corrected, &uncorrected, &rowPending, &failed) == 0)
    return MemoryRepair{true, corrected * 1.0, uncorrected * 1.0, rowPending != 0, failed != 0};
  if (!library.retiredPages) return std::nullopt;
  const auto single = retiredPages(device, nvmlSingleBits), twice = retiredPages(device, nvmlDoubleBit);
  if (!single || !twice) return std::nullopt;
  int pagePending = 0;
  const bool told = library.retirementPending && library.retirementPending(device, &pagePending) == 0;
  return MemoryRepair{false, *single, *twice, told && pagePending != 0, std::nullopt};
}

// nvmlDeviceGpuRecoveryAction_t, in its order; absent before the driver told it.
std::optional<std::string> recoveryAction(NvmlDevice device) {
  constexpr std::array names{"none",      "GPU reset",       "node reboot",
                             "drain P2P", "drain and reset", "recover IMEX domain",
                             "bus reset", "system reboot"};
  const auto action = Sensor("recovery action").askField(1, device, nvmlRecoveryAction);
  if (!action) return std::nullopt;
  const auto number = static_cast<std::size_t>(*action);
  return number < names.size() ? names[number] : "action " + std::to_string(number);
}

}  // namespace

const Nvml* nvml() {
  return opened().absence ? nullptr : &opened().nvml;
}

std::optional<Absence> nvmlAbsence() {
  return opened().absence;
}

NvmlDevice nvmlDeviceOrSlice(const Facts& known) {
  const Nvml* library = nvml();
  NvmlDevice device = nullptr;
  if (!library) return nullptr;
  if (known.uuid && library->byUuid(known.uuid->c_str(), &device) == 0) return device;
  if (known.pciBusId && library->byPciBusId(known.pciBusId->c_str(), &device) == 0) return device;
  return nullptr;
}

NvmlDevice nvmlDevice(const Facts& known) {
  const NvmlDevice device = nvmlDeviceOrSlice(known);
  NvmlDevice whole = nullptr;
  const bool mig = device && known.uuid && known.uuid->starts_with("MIG-");
  if (mig && nvml()->parentOfMig && nvml()->parentOfMig(device, &whole) == 0) return whole;
  return device;
}

void addNvmlFacts(Facts& facts) {
  const Nvml* library = nvml();
  if (!library) return;
  char version[96] = "";
  if (library->driverVersion && library->driverVersion(version, sizeof version) == 0) facts.driver = version;

  if (NvmlConfidential state{};
      library->confidential && library->confidential(&state) == 0 && state.feature != 0)
    facts.features.emplace_back("confidential computing");

  const NvmlDevice device = nvmlDevice(facts);
  if (!device) return;
  if (NvmlPciInfo pci{}; library->pciInfo && library->pciInfo(device, &pci) == 0) {
    char id[8];
    std::snprintf(id, sizeof id, "0x%04X", pci.pciDeviceId >> 16);  // the lower half is NVIDIA's vendor id
    facts.pciDeviceId = id;
    facts.pciBusId = pci.busId;
  }
  if (const auto clock = ask(1e6, library->maxClock, device, nvmlSmClock)) facts.maxClockHz = clock;
  if (const auto clock = ask(1e6, library->maxClock, device, nvmlMemoryClock)) facts.maxMemoryClockHz = clock;
  facts.powerLimitWatts = ask(1e-3, library->powerLimit, device);
  facts.powerLimitDefaultWatts = ask(1e-3, library->powerDefault, device);
  // An idle link trains down to save power: what it runs at now is not what it will run at under load.
  facts.linkGeneration = ask(1, library->linkGeneration, device);
  facts.linkWidth = ask(1, library->linkWidth, device);
  facts.linkMaxGeneration = ask(1, library->linkMaxGeneration, device);
  facts.linkMaxWidth = ask(1, library->linkMaxWidth, device);
  facts.memoryRepair = memoryRepair(device);
  facts.recoveryAction = recoveryAction(device);
}

}  // namespace nameplate::cuda
