#include "fault.h"

#include <unistd.h>

#include <array>
#include <cstdlib>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "bus.h"
#include "cuda/cublaslt_library.h"
#include "cuda/cusparselt_library.h"
#include "cuda/nvml.h"
#include "device.h"
#include "ledger.h"
#include "setting.h"

namespace nameplate::simulated {
namespace {

enum class Kind { fate, hangs, crashes, loses, missing };

struct Fault {
  Kind kind;
  Fate fate;
  std::string call;
  unsigned long number;
};

// Those that an error can outlast a call in. A lost context fails the libraries too.
enum class Side : std::size_t { driver, nvml, cublasLt, cusparseLt };

Side sideOf(std::string_view call) {
  if (call.starts_with("nvml")) return Side::nvml;
  if (call.starts_with("cusparse")) return Side::cusparseLt;
  return call.starts_with("cublas") ? Side::cublasLt : Side::driver;
}

constexpr std::pair<std::string_view, Fate> fates[] = {
    {"", Fate::fails}, {"sticky", Fate::sticky}, {"ecc", Fate::ecc}, {"gone", Fate::gone}};

constexpr std::pair<std::string_view, Kind> kinds[] = {
    {"hang", Kind::hangs}, {"crash", Kind::crashes}, {"lose", Kind::loses}, {"missing", Kind::missing}};

constexpr std::string_view calls[] = {
#define NAMEPLATE_DRIVER_NAME(name, symbol, since, needed, arguments) #name,
#define NAMEPLATE_SYMBOL(name, symbol, arguments) #symbol,
    NAMEPLATE_DRIVER_CALLS(NAMEPLATE_DRIVER_NAME) NAMEPLATE_NVML_CALLS(NAMEPLATE_SYMBOL)
        NAMEPLATE_LT_CALLS(NAMEPLATE_SYMBOL) NAMEPLATE_SP_CALLS(NAMEPLATE_SYMBOL)
#undef NAMEPLATE_SYMBOL
#undef NAMEPLATE_DRIVER_NAME
};

bool known(std::string_view call) {
  for (const std::string_view name : calls)
    if (name == call) return true;
  return false;
}

struct Faults {
  std::string text;
  std::vector<Fault> planned;
  Spoil spoil = Spoil::none;
  std::map<std::string, unsigned long, std::less<>> counts;
  std::array<Fate, 4> lasting{};

  explicit Faults(std::string given) : text(std::move(given)) {
    std::string rest = text;
    while (!rest.empty()) add(cut(rest, ','));
  }

  Fate& lastingOn(Side side) { return lasting[static_cast<std::size_t>(side)]; }

 private:
  static std::string cut(std::string& rest, char separator) {
    const auto at = rest.find(separator);
    const std::string first = rest.substr(0, at);
    rest.erase(0, at == rest.npos ? at : at + 1);
    return first;
  }

  void add(const std::string& fault) {
    std::string rest = fault;
    std::string word = cut(rest, ':');
    if (word == "flip" || word == "nan" || word == "idle") {
      spoil = word == "flip" ? Spoil::flip : word == "nan" ? Spoil::nan : Spoil::idle;
      if (!rest.empty()) refuse("NAMEPLATE_FAULT: " + word + " takes nothing after it");
      return;
    }
    Kind kind = Kind::fate;
    for (const auto& [name, value] : kinds) {
      if (name != word) continue;
      kind = value;
      word = cut(rest, ':');
      break;
    }
    const std::string count = cut(rest, ':');
    char* end = nullptr;
    const unsigned long number = count.empty() ? 1 : std::strtoul(count.c_str(), &end, 10);
    const Fate* fate = nullptr;
    for (const auto& [name, value] : fates)
      if (name == rest) fate = &value;
    if (!known(word) || number == 0 || (end && *end) || !fate || (kind != Kind::fate && !rest.empty()))
      refuse("NAMEPLATE_FAULT: \"" + fault + "\" is no fault; test/driver/fault.h has the grammar");
    planned.push_back({kind, *fate, word, number});
  }
};

Faults& faults() {
  static auto* const made = new Faults("");
  const std::string asked = setting("NAMEPLATE_FAULT", "");
  if (asked != made->text) *made = Faults(asked);
  return *made;
}

std::mutex counting;
unsigned long long uncorrectableErrors = 0;

// What lasts beyond the call.
void strike(Faults& all, Fate fate, Side side) {
  if (fate == Fate::fails) return;
  all.lastingOn(side) = fate;
  if (fate == Fate::ecc) ++uncorrectableErrors;
  if (fate != Fate::gone) return;
  all.lastingOn(Side::driver) = all.lastingOn(Side::nvml) = Fate::gone;
  leaveBus(inUse());
}

}  // namespace

Fate meet(std::string_view call) {
  std::unique_lock lock(counting);
  Faults& all = faults();
  const Side side = sideOf(call);
  const unsigned long count = ++all.counts[std::string(call)];
  for (const Side lost : {side, side == Side::nvml ? side : Side::driver})
    if (all.lastingOn(lost) != Fate::works) return all.lastingOn(lost);
  for (const Fault& fault : all.planned) {
    if (fault.kind == Kind::missing || fault.call != call || fault.number != count) continue;
    if (fault.fate == Fate::gone && !emptySlots().empty())
      continue;  // it falls once, and not in each process
    ledger().struck(fault.call);
    if (fault.kind == Kind::crashes) std::abort();
    if (fault.kind == Kind::loses) {
      ++uncorrectableErrors;
      return Fate::works;
    }
    if (fault.kind == Kind::hangs) {
      lock.unlock();
      for (;;) pause();
    }
    strike(all, fault.fate, side);
    return fault.fate;
  }
  return Fate::works;
}

void loseContext() {
  const std::lock_guard lock(counting);
  faults().lastingOn(Side::driver) = Fate::sticky;
}

unsigned long long uncorrectable() {
  const std::lock_guard lock(counting);
  return uncorrectableErrors;
}

unsigned xid() {
  const std::lock_guard lock(counting);
  switch (faults().lastingOn(Side::driver)) {
    case Fate::sticky:
      return 31;
    case Fate::ecc:
      return 94;
    default:
      return 0;
  }
}

bool missing(std::string_view call) {
  const std::lock_guard lock(counting);
  for (const Fault& fault : faults().planned)
    if (fault.kind == Kind::missing && fault.call == call) return true;
  return false;
}

Spoil spoil() {
  const std::lock_guard lock(counting);
  return faults().spoil;
}

}  // namespace nameplate::simulated
