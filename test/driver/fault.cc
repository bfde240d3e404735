#include "fault.h"

#include <unistd.h>

#include <cstdlib>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "setting.h"

namespace nameplate::simulated {
namespace {

using namespace cuda;

enum class Kind { fails, sticky, hangs, missing };

struct Fault {
  Kind kind;
  std::string call;
  unsigned long number;
};

struct Faults {
  std::vector<Fault> planned;
  Spoil spoil = Spoil::none;
  std::map<std::string, unsigned long, std::less<>> calls;
  CUresult lost = CUDA_SUCCESS;

  Faults() {
    std::string rest = setting("NAMEPLATE_FAULT", "");
    while (!rest.empty()) add(cut(rest, ','));
  }

 private:
  static std::string cut(std::string& rest, char separator) {
    const auto at = rest.find(separator);
    const std::string first = rest.substr(0, at);
    rest.erase(0, at == rest.npos ? at : at + 1);
    return first;
  }

  void add(const std::string& text) {
    std::string rest = text;
    std::string word = cut(rest, ':');
    if (word == "flip" || word == "nan") {
      spoil = word == "flip" ? Spoil::flip : Spoil::nan;
      if (!rest.empty()) refuse("NAMEPLATE_FAULT: " + word + " takes nothing after it");
      return;
    }
    Kind kind = Kind::fails;
    if (word == "hang" || word == "missing") {
      kind = word == "hang" ? Kind::hangs : Kind::missing;
      word = cut(rest, ':');
    }
    const std::string count = cut(rest, ':');
    char* end = nullptr;
    const unsigned long number = count.empty() ? 1 : std::strtoul(count.c_str(), &end, 10);
    if (rest == "sticky" && kind == Kind::fails) {
      kind = Kind::sticky;
      rest.clear();
    }
    if (!known(word) || number == 0 || (end && *end) || !rest.empty())
      refuse("NAMEPLATE_FAULT: \"" + text + "\" is no fault; test/driver/fault.h has the grammar");
    planned.push_back({kind, word, number});
  }

  static bool known(std::string_view call) {
#define NAMEPLATE_IS(name, symbol, since, needed, arguments) \
  if (call == #name) return true;
    NAMEPLATE_DRIVER_CALLS(NAMEPLATE_IS)
#undef NAMEPLATE_IS
    return false;
  }
};

Faults& faults() {
  static Faults made;
  return made;
}

// What each call usually fails with, where it is not CUDA_ERROR_UNKNOWN.
constexpr std::pair<std::string_view, CUresult> usual[] = {
    {"cuInit", CUDA_ERROR_NO_DEVICE},
    {"cuDevicePrimaryCtxRetain", CUDA_ERROR_DEVICE_UNAVAILABLE},
    {"cuMemAlloc", CUDA_ERROR_OUT_OF_MEMORY},
    {"cuMemHostAlloc", CUDA_ERROR_OUT_OF_MEMORY},
    {"cuModuleLoadDataEx", CUDA_ERROR_NO_BINARY_FOR_GPU},
    {"cuModuleGetFunction", CUDA_ERROR_NOT_FOUND},
    {"cuLaunchKernel", CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES},
};

CUresult usualError(std::string_view call) {
  for (const auto& [name, code] : usual)
    if (name == call) return code;
  return CUDA_ERROR_UNKNOWN;
}

}  // namespace

CUresult meet(std::string_view call) {
  static std::mutex counting;
  std::unique_lock lock(counting);
  Faults& all = faults();
  const unsigned long count = ++all.calls[std::string(call)];
  if (all.lost != CUDA_SUCCESS) return all.lost;
  for (const Fault& fault : all.planned) {
    if (fault.call != call || fault.number != count) continue;
    switch (fault.kind) {
      case Kind::hangs:
        lock.unlock();
        for (;;) pause();
      case Kind::sticky:
        return all.lost = CUDA_ERROR_ILLEGAL_ADDRESS;
      case Kind::fails:
        return usualError(call);
      case Kind::missing:
        break;
    }
  }
  return CUDA_SUCCESS;
}

void loseContext(CUresult code) {
  faults().lost = code;
}

bool missing(std::string_view call) {
  for (const Fault& fault : faults().planned)
    if (fault.kind == Kind::missing && fault.call == call) return true;
  return false;
}

Spoil spoil() {
  return faults().spoil;
}

}  // namespace nameplate::simulated
