#include "device.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <set>
#include <utility>

#include "ledger.h"
#include "setting.h"

namespace nameplate::simulated {
namespace {

std::map<unsigned, int> retained;                 // by ordinal
std::set<std::pair<CUcontext, CUcontext>> peers;  // from, to
thread_local const Card* bound = nullptr;

// A context's handle is its card.
CUcontext handle(const Card& card) {
  return reinterpret_cast<CUcontext>(const_cast<Card*>(&card));
}

int attributeOf(const Card& card, CUdevice_attribute attribute) {
  switch (attribute) {
    case CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK:
    case CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_X:
    case CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Y:
      return 1024;
    case CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Z:
      return 64;
    case CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_X:
      return 0x7fffffff;
    case CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Y:
    case CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Z:
      return 65535;
    case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK:
      return 49152;
    case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN:
      return card.capability >= 90   ? 232448
             : card.capability == 80 ? 166912
             : card.capability == 70 ? 98304
                                     : 101376;
    case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_MULTIPROCESSOR:
      return card.capability >= 90   ? 233472
             : card.capability == 80 ? 167936
             : card.capability == 70 ? 98304
                                     : 102400;
    case CU_DEVICE_ATTRIBUTE_CLOCK_RATE:
      return static_cast<int>(card.boostHz / 1e3);
    case CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT:
      return static_cast<int>(number("NAMEPLATE_SIMULATE_MPS", card.multiprocessors));
    case CU_DEVICE_ATTRIBUTE_MPS_ENABLED:
      return !setting("NAMEPLATE_SIMULATE_MPS", "").empty();
    case CU_DEVICE_ATTRIBUTE_INTEGRATED:
      return 0;
    case CU_DEVICE_ATTRIBUTE_ECC_ENABLED:
      return card.ecc;
    case CU_DEVICE_ATTRIBUTE_PCI_BUS_ID:
      return static_cast<int>(card.busNumber());
    case CU_DEVICE_ATTRIBUTE_PCI_DEVICE_ID:  // CUDA's name for the slot on the bus
    case CU_DEVICE_ATTRIBUTE_PCI_DOMAIN_ID:
      return 0;
    case CU_DEVICE_ATTRIBUTE_MEMORY_CLOCK_RATE:
      return static_cast<int>(card.memoryClockHz / 1e3);
    case CU_DEVICE_ATTRIBUTE_GLOBAL_MEMORY_BUS_WIDTH:
      return card.busBits;
    case CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE:
      return static_cast<int>(number("NAMEPLATE_SIMULATE_L2", 1 << 20));
    case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR:
      return card.capability / 10;
    case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR:
      return card.capability % 10;
  }
  throw Refusal{CUDA_ERROR_INVALID_VALUE};
}

}  // namespace

const Card& current() {
  require(bound && retained[bound->ordinal] > 0, CUDA_ERROR_INVALID_CONTEXT);
  return *bound;
}

const Card& cardOf(CUdevice device) {
  require(device >= 0 && static_cast<std::size_t>(device) < cards().size(), CUDA_ERROR_INVALID_DEVICE);
  return cards()[static_cast<std::size_t>(device)];
}

unsigned inUse() {
  if (bound) return bound->slot;
  return cards().empty() ? 0 : cards().front().slot;
}

int driverVersion() {
  static const int version = static_cast<int>(number("NAMEPLATE_SIMULATE_DRIVER", 13000));
  return version;
}

CUresult cuInit(unsigned flags) {
  require(!cards().empty(), CUDA_ERROR_NO_DEVICE);
  return flags == 0 ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

CUresult cuDriverGetVersion(int* version) {
  *version = driverVersion();
  return CUDA_SUCCESS;
}

CUresult cuGetErrorName(CUresult result, const char** name) {
  *name = nullptr;
#define NAMEPLATE_NAME(word, value) \
  if (result == word) *name = #word;
  NAMEPLATE_DRIVER_RESULTS(NAMEPLATE_NAME)
#undef NAMEPLATE_NAME
  if (result == invalidHandle) *name = "CUDA_ERROR_INVALID_HANDLE";
  if (result == captureUnsupported) *name = "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED";
  if (result == captureInvalidated) *name = "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED";
  if (result == captureWrongThread) *name = "CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD";
  return *name ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

CUresult cuGetErrorString(CUresult result, const char** text) {
  static thread_local std::string said;
  const char* name = nullptr;
  if (cuGetErrorName(result, &name) != CUDA_SUCCESS) return CUDA_ERROR_INVALID_VALUE;
  said = std::string("the simulated driver's text of ") + name;
  *text = said.c_str();
  return CUDA_SUCCESS;
}

CUresult cuDeviceGetCount(int* count) {
  *count = static_cast<int>(cards().size());
  return CUDA_SUCCESS;
}

CUresult cuDeviceGet(CUdevice* device, int ordinal) {
  *device = static_cast<CUdevice>(cardOf(ordinal).ordinal);
  return CUDA_SUCCESS;
}

CUresult cuDeviceGetName(char* name, int length, CUdevice device) {
  require(length > 0);
  const std::string& known = cardOf(device).name;
  const std::size_t copied = std::min(known.size(), static_cast<std::size_t>(length) - 1);
  std::memcpy(name, known.data(), copied);
  name[copied] = '\0';
  return CUDA_SUCCESS;
}

CUresult cuDeviceTotalMem(std::size_t* bytes, CUdevice device) {
  *bytes = cardOf(device).memoryBytes;
  return CUDA_SUCCESS;
}

CUresult cuDeviceGetAttribute(int* value, CUdevice_attribute attribute, CUdevice device) {
  *value = attributeOf(cardOf(device), attribute);
  return CUDA_SUCCESS;
}

CUresult cuDeviceGetUuid(CUuuid* uuid, CUdevice device) {
  const auto bytes = cardOf(device).uuid();
  std::memcpy(uuid->bytes, bytes.data(), bytes.size());
  return CUDA_SUCCESS;
}

CUresult cuDevicePrimaryCtxRetain(CUcontext* context, CUdevice device) {
  const Card& card = cardOf(device);
  ++retained[card.ordinal];
  *context = handle(card);
  return CUDA_SUCCESS;
}

CUresult cuDevicePrimaryCtxRelease(CUdevice device) {
  const Card& card = cardOf(device);
  require(retained[card.ordinal] > 0, CUDA_ERROR_INVALID_CONTEXT);
  if (--retained[card.ordinal] > 0) return CUDA_SUCCESS;
  if (bound == &card) bound = nullptr;
  // What one device still holds is no leak of another's.
  if (std::ranges::all_of(retained, [](const auto& each) { return each.second == 0; })) ledger().close();
  return CUDA_SUCCESS;
}

CUresult cuDeviceCanAccessPeer(int* can, CUdevice device, CUdevice peer) {
  const bool other = cardOf(device).ordinal != cardOf(peer).ordinal;
  *can = other && setting("NAMEPLATE_SIMULATE_PEERS", "nvlink") != "none";
  return CUDA_SUCCESS;
}

CUresult cuCtxEnablePeerAccess(CUcontext peer, unsigned flags) {
  require(flags == 0 && peer && peer != handle(current()));
  const std::pair way{handle(current()), peer};
  require(!peers.contains(way), CUDA_ERROR_PEER_ACCESS_ALREADY_ENABLED);
  require(peers.size() < number("NAMEPLATE_SIMULATE_MOST_PEERS", 16), CUDA_ERROR_TOO_MANY_PEERS);
  peers.insert(way);
  return CUDA_SUCCESS;
}

CUresult cuCtxDisablePeerAccess(CUcontext peer) {
  require(peers.erase({handle(current()), peer}) == 1);
  return CUDA_SUCCESS;
}

CUresult cuCtxSetCurrent(CUcontext context) {
  for (const Card& card : cards())
    if (handle(card) == context) {
      require(retained[card.ordinal] > 0, CUDA_ERROR_INVALID_CONTEXT);
      bound = &card;
      return CUDA_SUCCESS;
    }
  require(!context, CUDA_ERROR_INVALID_CONTEXT);
  bound = nullptr;
  return CUDA_SUCCESS;
}

}  // namespace nameplate::simulated
