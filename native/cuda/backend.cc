// The CUDA backend's three functions: what is here, what it is made of, and a device by name.
#include "backend.h"

#include <string>
#include <vector>

#include "cuda/cublaslt_library.h"
#include "cuda/cusparselt_library.h"
#include "cuda/device.h"
#include "cuda/driver.h"
#include "cuda/facts.h"
#include "cuda/images.h"
#include "cuda/nvml.h"

namespace nameplate {
namespace {

using namespace cuda;

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
      absences.push_back({what, error.what(), "run nvidia-smi", error.code});
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
  if (const auto absence = cusparseLtAbsence()) absences.push_back(*absence);
  return found;
}

std::vector<Library> libraries() {
  std::vector<Library> found;
  if (const auto library = driverLibrary()) found.push_back(*library);
  if (const Nvml* library = nvml()) found.push_back({"NVML", library->path, library->version});
  if (const CublasLt* library = cublasLt()) found.push_back({"cuBLASLt", library->path, library->version});
  if (const CusparseLt* library = cusparseLt())
    found.push_back({"cuSPARSELt", library->path, library->version});
  return found;
}

std::unique_ptr<Device> open(const std::string& id, std::size_t) {
  if (const auto absence = driverAbsence())
    throw Error("ENODEV", "there is no device \"" + id + "\": " + absence->reason + "; " + absence->remedy);
  return std::make_unique<CudaDevice>(namedDevice(id).ordinal);
}

}  // namespace

const Backend cudaBackend{devices, libraries, open};

}  // namespace nameplate
