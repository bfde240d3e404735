#include "cuda/facts.h"

#include <cstdio>
#include <utility>

#include "cuda/context.h"
#include "cuda/nvml.h"
#include "cuda/pcie.h"

namespace nameplate::cuda {
namespace {

// As nvidia-smi prints it: "GPU-1d2c8c5e-…", or "MIG-…" for a slice of one.
std::string uuidText(const CUuuid& uuid, bool mig) {
  std::string text = mig ? "MIG" : "GPU";
  for (int i = 0; i < 16; ++i) {
    char hex[4];
    std::snprintf(hex, sizeof hex, "%02x", static_cast<unsigned char>(uuid.bytes[i]));
    if (i == 0 || i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += hex;
  }
  return text;
}

}  // namespace

CUdevice deviceAt(int ordinal) {
  CUdevice device = 0;
  check(driver().cuDeviceGet(&device, ordinal), "cuDeviceGet");
  return device;
}

int deviceCount() {
  int count = 0;
  check(driver().cuDeviceGetCount(&count), "cuDeviceGetCount");
  return count;
}

NamedDevice namedDevice(const std::string& name) {
  std::string here;
  std::optional<Error> broken;  // must not hide the others
  const int count = deviceCount();
  for (int ordinal = 0; ordinal < count; ++ordinal) {
    try {
      Facts facts = deviceFacts(ordinal);
      if (facts.id == name || facts.uuid == name) return {ordinal, std::move(facts)};
      here +=
          (here.empty() ? "" : "; ") + facts.id + " (" + facts.name + ", " + facts.uuid.value_or("") + ")";
    } catch (const Error& error) {
      if (!broken) broken = error;
    }
  }
  if (broken) throw *broken;
  throw Error("ENODEV", "there is no device \"" + name + "\"; here are: " + (here.empty() ? "none" : here));
}

Facts deviceFacts(int ordinal) {
  const Driver& cuda = driver();
  const CUdevice device = deviceAt(ordinal);
  const auto attribute = [device](CUdevice_attribute asked) { return deviceAttribute(device, asked); };
  // Zero is how the driver says that it does not know.
  const auto known = [&attribute](CUdevice_attribute asked, double unit) -> std::optional<double> {
    const int value = attribute(asked);
    return value > 0 ? std::optional(value * unit) : std::nullopt;
  };

  Facts facts;
  facts.id = "cuda:" + std::to_string(ordinal);
  facts.backend = "cuda";
  char name[256] = "";
  check(cuda.cuDeviceGetName(name, sizeof name, device), "cuDeviceGetName");
  facts.name = name;
  // No attribute tells a slice from a whole device; the name does: "NVIDIA A100-SXM4-40GB MIG 1g.5gb".
  facts.mig = facts.name.find(" MIG ") != std::string::npos;
  CUuuid uuid{};
  check(cuda.cuDeviceGetUuid(&uuid, device), "cuDeviceGetUuid");
  facts.uuid = uuidText(uuid, facts.mig);
  facts.computeCapability = std::to_string(attribute(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR)) + "." +
                            std::to_string(attribute(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR));
  facts.driverApi = versionText(cuda.version);
  facts.multiprocessors = static_cast<std::size_t>(attribute(CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT));
  std::size_t bytes = 0;
  check(cuda.cuDeviceTotalMem(&bytes, device), "cuDeviceTotalMem");
  facts.memoryBytes = static_cast<double>(bytes);
  facts.l2Bytes = attribute(CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE);
  // L1 and shared memory are one storage, and only what shared memory may take of it is said: nearly all.
  if (const auto first = known(CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_MULTIPROCESSOR, 1))
    facts.caches.push_back({1, *first, 1});
  if (facts.l2Bytes > 0) facts.caches.push_back({2, facts.l2Bytes, facts.multiprocessors});
  facts.maxClockHz = known(CU_DEVICE_ATTRIBUTE_CLOCK_RATE, 1e3);
  facts.maxMemoryClockHz = known(CU_DEVICE_ATTRIBUTE_MEMORY_CLOCK_RATE, 1e3);
  facts.memoryBusBits = known(CU_DEVICE_ATTRIBUTE_GLOBAL_MEMORY_BUS_WIDTH, 1);
  facts.ecc = attribute(CU_DEVICE_ATTRIBUTE_ECC_ENABLED) != 0;
  facts.integrated = attribute(CU_DEVICE_ATTRIBUTE_INTEGRATED) != 0;
  int mps = 0;  // a question that older drivers do not know
  if (cuda.cuDeviceGetAttribute(&mps, CU_DEVICE_ATTRIBUTE_MPS_ENABLED, device) == CUDA_SUCCESS && mps)
    facts.features.emplace_back("MPS");
  facts.simulated = cuda.simulated;
  char busId[32];
  std::snprintf(busId, sizeof busId, "%08X:%02X:%02X.0",
                static_cast<unsigned>(attribute(CU_DEVICE_ATTRIBUTE_PCI_DOMAIN_ID)),
                static_cast<unsigned>(attribute(CU_DEVICE_ATTRIBUTE_PCI_BUS_ID)),
                static_cast<unsigned>(attribute(CU_DEVICE_ATTRIBUTE_PCI_DEVICE_ID)));
  facts.pciBusId = busId;
  const PciPlace place = pciPlace(busId, cuda.root);
  facts.numaNode = place.node;
  facts.linkCard = place.card;
  facts.linkSlot = place.slot;
  addNvmlFacts(facts);
  return facts;
}

}  // namespace nameplate::cuda
