#include "cuda/driver.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "cuda/library.h"

namespace nameplate::cuda {
namespace {

const char* const driverName = "NVIDIA driver";

// What to do next, by error. An error without a row has its own text to go by.
struct Advice {
  CUresult result;
  const char* text;
};
const char* const lostContext =
    "a kernel failed on the device, and everything this process held there is lost: start a new process";
const Advice advices[] = {
    {CUDA_ERROR_OUT_OF_MEMORY, "free some buffers or end other processes on this device"},
    {CUDA_ERROR_STUB_LIBRARY,
     "the toolkit's stub was found instead of the driver: take its folder off LD_LIBRARY_PATH"},
    {CUDA_ERROR_DEVICE_UNAVAILABLE,
     "another process holds the device exclusively (compute mode), or it is gone"},
    {CUDA_ERROR_NO_DEVICE,
     "no NVIDIA GPU is visible: check nvidia-smi and CUDA_VISIBLE_DEVICES; "
     "in a container, start it with GPUs (--gpus all)"},
    {CUDA_ERROR_ECC_UNCORRECTABLE, "device memory failed beyond correction: reset the GPU, and watch it"},
    {CUDA_ERROR_UNSUPPORTED_PTX_VERSION,
     "the PTX is newer than the driver: build with an older toolkit or update the driver"},
    {CUDA_ERROR_NO_BINARY_FOR_GPU, "the image holds no code for this device's compute capability"},
    {CUDA_ERROR_CONTAINED,
     "a fault of the hardware or of an NVLink ended this process's work, and everything it held on the "
     "device is lost: see the kernel's log for its Xid, and start a new process"},
    {CUDA_ERROR_ILLEGAL_ADDRESS, lostContext},
    {CUDA_ERROR_LAUNCH_TIMEOUT,
     "the kernel ran longer than the display's watchdog allows, "
     "and everything this process held on the device is lost: start a new process with smaller launches"},
    {CUDA_ERROR_ASSERT, lostContext},
    {CUDA_ERROR_HARDWARE_STACK_ERROR, lostContext},
    {CUDA_ERROR_ILLEGAL_INSTRUCTION, lostContext},
    {CUDA_ERROR_MISALIGNED_ADDRESS, lostContext},
    {CUDA_ERROR_INVALID_ADDRESS_SPACE, lostContext},
    {CUDA_ERROR_INVALID_PC, lostContext},
    {CUDA_ERROR_LAUNCH_FAILED, lostContext},
    {CUDA_ERROR_SYSTEM_NOT_READY,
     "on a machine with NVSwitch, start the nvidia-fabricmanager service of the driver's version"},
    {CUDA_ERROR_SYSTEM_DRIVER_MISMATCH,
     "libcuda and the kernel module are of different versions: reboot, or reload the module; in a container, "
     "take an image that brings no libcuda of its own"},
    // Of a container whose image is newer than the driver; nvidia-smi sees nothing wrong there
    // (NVIDIA/nvidia-docker#1515).
    {CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE,
     "a newer libcuda than the driver's own was found (CUDA's compat folder, as an image brings it), and "
     "this card does not take it: take its folder off LD_LIBRARY_PATH and /etc/ld.so.conf.d, or an image no "
     "newer than the driver"},
    {CUDA_ERROR_UNKNOWN, "check that /dev/nvidia* exist (nvidia-modprobe), and the kernel's log"},
};

const char* adviceFor(CUresult result) {
  for (const Advice& advice : advices)
    if (advice.result == result) return advice.text;
  return nullptr;
}

std::string nameOf(const DriverCalls& calls, CUresult result) {
  const char* name = nullptr;
  if (calls.cuGetErrorName && calls.cuGetErrorName(result, &name) == CUDA_SUCCESS && name) return name;
  return "CUDA_ERROR_" + std::to_string(static_cast<unsigned>(result));
}

std::string textOf(const DriverCalls& calls, CUresult result) {
  const char* text = nullptr;
  if (calls.cuGetErrorString && calls.cuGetErrorString(result, &text) == CUDA_SUCCESS && text) return text;
  return "an error that this driver has no text for";
}

// The names in CUDA's own table are the first form of a call; the version asked for picks the form.
void* resolve(const SharedLibrary& library, const char* name, const char* symbol, int since) {
  void* call = nullptr;
  if (GetProcAddressV2 v2; library.resolve(v2, "cuGetProcAddress_v2")) {
    if (v2(name, &call, since, 0, nullptr) == CUDA_SUCCESS && call) return call;
  } else if (GetProcAddressV1 v1; library.resolve(v1, "cuGetProcAddress")) {
    if (v1(name, &call, since, 0) == CUDA_SUCCESS && call) return call;
  }
  return library.symbol(symbol);
}

// Opened once: what came of it.
struct Opened {
  Driver driver;
  std::optional<Library> library;
  std::optional<Absence> absence;

  void fail(std::string code, std::string reason, std::string remedy) {
    absence = Absence{driverName, std::move(reason), std::move(remedy), std::move(code)};
  }

  void open() {
    const SharedLibrary found("libcuda.so.1");
    if (!found.open())
      return fail("ENODEV", "its library could not be opened: " + found.reason(),
                  "install the NVIDIA driver; in a container, start it with GPUs (--gpus all)");
    driver.path = found.path();
    if (const char* (*root)() = nullptr; found.resolve(root, "nameplate_simulated_root")) {
      driver.simulated = true;
      driver.root = root();
    }
    library = Library{"libcuda", driver.path, ""};

    std::vector<std::string> missing;
    int newest = 11040;  // what the table as a whole needs
#define NAMEPLATE_RESOLVE(name, symbol, since, needed, arguments)                               \
  driver.name = reinterpret_cast<CUresult(*) arguments>(resolve(found, #name, #symbol, since)); \
  if (needed && !driver.name) {                                                                 \
    missing.emplace_back(#name);                                                                \
    newest = std::max(newest, since);                                                           \
  }
    NAMEPLATE_DRIVER_CALLS(NAMEPLATE_RESOLVE)
#undef NAMEPLATE_RESOLVE
    if (driver.cuDriverGetVersion && driver.cuDriverGetVersion(&driver.version) == CUDA_SUCCESS)
      library->version = versionText(driver.version);
    if (!missing.empty())
      return fail(
          "ENOSYS",
          "the driver at " + driver.path + " is too old: it lacks " + missing.front() +
              (missing.size() > 1 ? " and " + std::to_string(missing.size() - 1) + " more calls" : ""),
          "install a driver for CUDA " + versionText(newest) + " or newer (R470 or newer)");

    const CUresult result = driver.cuInit(0);
    if (result == CUDA_SUCCESS) return;
    const char* advice = adviceFor(result);
    const std::string name = nameOf(driver, result);
    fail(name, "cuInit of " + driver.path + " failed with " + name + ": " + textOf(driver, result),
         advice ? advice : "run nvidia-smi");
  }
};

const Opened& opened() {
  return openedOnce<Opened>();
}

}  // namespace

const Driver& driver() {
  const Opened& state = opened();
  if (state.absence) throw Error(state.absence->code, state.absence->reason + "; " + state.absence->remedy);
  return state.driver;
}

std::optional<Absence> driverAbsence() {
  return opened().absence;
}

std::optional<Library> driverLibrary() {
  return opened().library;
}

std::string resultName(CUresult result) {
  return nameOf(opened().driver, result);
}

std::string versionText(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

void check(CUresult result, const char* call, const std::string& remedy) {
  if (result == CUDA_SUCCESS) return;
  const DriverCalls& calls = opened().driver;
  const char* advice = adviceFor(result);
  std::string message = std::string(call) + " failed: " + textOf(calls, result);
  if (!remedy.empty()) {
    message += "; " + remedy;
  } else if (advice) {
    message += std::string("; ") + advice;
  }
  throw Error(nameOf(calls, result), message);
}

}  // namespace nameplate::cuda
