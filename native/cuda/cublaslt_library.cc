#include "cuda/cublaslt_library.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "cuda/context.h"
#include "cuda/driver.h"
#include "cuda/facts.h"
#include "cuda/library.h"
#include "cuda/library_folders.h"

namespace nameplate::cuda {
namespace {

// Whether there is a device of an older compute capability than this, as 75 for 7.5.
bool anyBefore(int capability) {
  if (driverAbsence()) return false;
  int count = 0;
  if (driver().cuDeviceGetCount(&count) != CUDA_SUCCESS) return false;
  for (int ordinal = 0; ordinal < count; ++ordinal) try {
      if (capabilityOf(deviceAt(ordinal)) < capability) return true;
    } catch (const Error&) {  // one that is broken decides nothing
    }
  return false;
}

struct Opened {
  CublasLt library;
  std::optional<Absence> absence;

  void fail(std::string reason) {
    absence =
        Absence{"cuBLASLt", std::move(reason),
                "install the CUDA toolkit's libcublas or \"pip install nvidia-cublas\" (cuBLAS 12: "
                "nvidia-cublas-cu12), or set NAMEPLATE_CUBLASLT to the path of libcublasLt.so. Without it "
                "own kernels stand without a comparison"};
  }

  // True when `found` is open and whole.
  bool take(const SharedLibrary& found) {
    if (!found.open()) return false;
    bool whole = true;
#define NAMEPLATE_RESOLVE(name, symbol, arguments) whole = found.resolve(library.name, #symbol) && whole;
    NAMEPLATE_LT_CALLS(NAMEPLATE_RESOLVE)
#undef NAMEPLATE_RESOLVE
    std::size_t (*version)() = nullptr;
    if (!whole || !found.resolve(version, "cublasLtGetVersion")) return false;
    found.resolve(library.getStatusName, "cublasLtGetStatusName");
    library.number = version();
    // Of cuBLAS 11 the major version has three zeros, not four: 11402 is 11.4.2, and 12003 is 11.10.3.
    if (library.number < 100'000) library.number += 110'000 - 11'000;
    const std::size_t number = library.number;
    library.version = std::to_string(number / 10000) + "." + std::to_string(number / 100 % 100) + "." +
                      std::to_string(number % 100);
    library.path = found.path();
    return true;
  }

  void open() {
    if (const char* chosen = setting("NAMEPLATE_CUBLASLT")) {
      const SharedLibrary found(chosen);
      if (!take(found))
        fail("NAMEPLATE_CUBLASLT names " + std::string(chosen) +
             ", which cannot be used: " + (found.open() ? "it is not a libcublasLt" : found.reason()));
      return;
    }
    // A library of a newer major version than the driver speaks does not start, where an older one would. A
    // driver that does not say its version (0) rules none out.
    int newest = 13;
    if (!driverAbsence() && driver().version > 0) newest = std::min(newest, driver().version / 1000);
    std::vector<int> majors;
    for (int major = newest; major >= 11; --major) majors.push_back(major);
    // CUDA 13 ends with Turing: its library does not start on Volta, where an older one does.
    if (newest == 13 && anyBefore(75)) std::ranges::rotate(majors, majors.begin() + 1);
    const std::vector<std::string> folders = libraryFolders();
    for (const int major : majors) {
      const std::string name = "libcublasLt.so." + std::to_string(major);
      if (take(SharedLibrary(name))) return;
      for (const std::string& folder : folders)
        if (take(SharedLibrary(folder + "/" + name))) return;
    }
    fail("no libcublasLt.so.11 to ." + std::to_string(newest) +
         " was found by the loader, in CUDA_PATH, /usr/local/cuda*, the system's folders or Python's "
         "packages");
  }
};

const Opened& opened() {
  return openedOnce<Opened>();
}

}  // namespace

const CublasLt* cublasLt() {
  return opened().absence ? nullptr : &opened().library;
}

std::optional<Absence> cublasLtAbsence() {
  return opened().absence;
}

std::string CublasLt::statusName(LtStatus status) const {
  const char* name = getStatusName ? getStatusName(status) : nullptr;
  return name ? name : "CUBLAS_STATUS_" + std::to_string(status);
}

void CublasLt::check(LtStatus status, const char* call) const {
  if (status != ltSuccess)
    throw Error(statusName(status), std::string(call) + " failed with " + statusName(status) +
                                        " in cuBLASLt " + version + " at " + path);
}

}  // namespace nameplate::cuda
