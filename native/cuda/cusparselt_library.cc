#include "cuda/cusparselt_library.h"

#include "cuda/library.h"
#include "cuda/library_folders.h"

namespace nameplate::cuda {
namespace {

constexpr int major = 0, firstMinor = 7;

struct Opened {
  CusparseLt library;
  std::optional<Absence> absence;

  void fail(std::string reason) {
    absence = Absence{"cuSPARSELt", std::move(reason),
                      "install it with \"pip install nvidia-cusparselt-cu13\" (CUDA 12: "
                      "nvidia-cusparselt-cu12), or set NAMEPLATE_CUSPARSELT to the path of "
                      "libcusparseLt.so.0. Without it own sparse kernels stand without a comparison"};
  }

  // Why the library cannot be used; empty where it is open, whole and of a version that is known here.
  std::string take(const SharedLibrary& found) {
    if (!found.open()) return found.reason();
    bool whole = true;
#define NAMEPLATE_RESOLVE(name, symbol, arguments) whole = found.resolve(library.name, #symbol) && whole;
    NAMEPLATE_SP_CALLS(NAMEPLATE_RESOLVE)
#undef NAMEPLATE_RESOLVE
    SpStatus (*property)(int which, int* value) = nullptr;
    if (!found.resolve(property, "cusparseLtGetProperty") || !whole) return "it is not a libcusparseLt";
    found.resolve(library.selectionDestroy, "cusparseLtMatmulAlgSelectionDestroy");
    found.resolve(library.getErrorName, "cusparseLtGetErrorName");
    int parts[3] = {-1, -1, -1};
    for (int which = 0; which < 3; ++which) property(which, &parts[which]);
    library.version =
        std::to_string(parts[0]) + "." + std::to_string(parts[1]) + "." + std::to_string(parts[2]);
    library.path = found.path();
    // Its numbers changed before from one version to the next.
    if (parts[0] != major || parts[1] < firstMinor)
      return "it is of version " + library.version + ", and what is known here is 0.7 and later of 0";
    return "";
  }

  void open() {
    if (const char* chosen = setting("NAMEPLATE_CUSPARSELT")) {
      const std::string refusal = take(SharedLibrary(chosen));
      if (!refusal.empty())
        fail("NAMEPLATE_CUSPARSELT names " + std::string(chosen) + ", which cannot be used: " + refusal);
      return;
    }
    const std::string name = "libcusparseLt.so.0";
    std::string refused;  // by one that is here
    const auto takes = [&](const SharedLibrary& found) {
      const std::string refusal = take(found);
      if (found.open() && refused.empty()) refused = found.path() + " cannot be used: " + refusal;
      return refusal.empty();
    };
    if (takes(SharedLibrary(name))) return;
    for (const std::string& folder : libraryFolders())
      if (takes(SharedLibrary(folder + "/" + name))) return;
    fail(!refused.empty() ? refused
                          : "no " + name +
                                " was found by the loader, in CUDA_PATH, /usr/local/cuda*, the system's "
                                "folders or Python's packages");
  }
};

const Opened& opened() {
  return openedOnce<Opened>();
}

}  // namespace

const CusparseLt* cusparseLt() {
  return opened().absence ? nullptr : &opened().library;
}

std::optional<Absence> cusparseLtAbsence() {
  return opened().absence;
}

std::string CusparseLt::statusName(SpStatus status) const {
  const char* name = getErrorName ? getErrorName(status) : nullptr;
  return name ? name : "CUSPARSE_STATUS_" + std::to_string(status);
}

void CusparseLt::check(SpStatus status, const char* call) const {
  if (status != spSuccess)
    throw Error(statusName(status), std::string(call) + " failed with " + statusName(status) +
                                        " in cuSPARSELt " + version + " at " + path);
}

}  // namespace nameplate::cuda
