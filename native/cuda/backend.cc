// The CUDA backend's three functions: what is here, what it is made of, and a device by name.
#include "backend.h"

#include <optional>
#include <string>
#include <vector>

#include "cuda/cublaslt_library.h"
#include "cuda/device.h"
#include "cuda/driver.h"
#include "cuda/facts.h"
#include "cuda/images.h"
#include "cuda/nvml.h"

namespace nameplate {
namespace {

using namespace cuda;

int deviceCount() {
  int count = 0;
  check(driver().cuDeviceGetCount(&count), "cuDeviceGetCount");
  return count;
}

std::vector<Facts> devices(std::size_t, std::vector<Absence>& absences) {
  std::vector<Facts> found;
  if (const auto absence = driverAbsence()) {
    absences.push_back(*absence);
    return found;
  }
  const auto tolerantly = [&absences](const std::string& what, const auto& body) {
    try {
      body();
    } catch (const Error& error) {
      absences.push_back({what, error.what(), "run nvidia-smi"});
    }
  };
  int count = 0;
  tolerantly("CUDA devices", [&] { count = deviceCount(); });
  for (int ordinal = 0; ordinal < count; ++ordinal)  // one that is broken must not hide the others
    tolerantly("cuda:" + std::to_string(ordinal), [&] { found.push_back(deviceFacts(ordinal)); });
  if (found.empty()) return found;
  // Of interest only beside a device.
  if (const auto absence = nvmlAbsence()) absences.push_back(*absence);
  if (const auto absence = cublasLtAbsence()) absences.push_back(*absence);
  return found;
}

std::vector<Library> libraries() {
  std::vector<Library> found;
  if (const auto library = driverLibrary()) found.push_back(*library);
  if (const Nvml* library = nvml()) found.push_back({"NVML", library->path, library->version});
  if (const CublasLt* library = cublasLt()) found.push_back({"cuBLASLt", library->path, library->version});
  return found;
}

std::unique_ptr<Device> open(const std::string& id, std::size_t) {
  if (const auto absence = driverAbsence())
    throw Error("ENODEV", "there is no device \"" + id + "\": " + absence->reason + "; " + absence->remedy);
  std::string here;
  std::optional<Error> broken;  // must not hide the others here either
  const int count = deviceCount();
  for (int ordinal = 0; ordinal < count; ++ordinal) {
    Facts facts;
    try {
      facts = deviceFacts(ordinal);
    } catch (const Error& error) {
      if (!broken) broken = error;
      continue;
    }
    if (facts.id == id || facts.uuid == id) return std::make_unique<CudaDevice>(ordinal);
    here += (here.empty() ? "" : "; ") + facts.id + " (" + facts.name + ", " + facts.uuid.value_or("") + ")";
  }
  if (broken) throw *broken;
  throw Error("ENODEV", "there is no device \"" + id + "\"; here are: " + (here.empty() ? "none" : here));
}

}  // namespace

const Backend cudaBackend{devices, libraries, open};

}  // namespace nameplate
