#include "setting.h"

#include <cstdio>
#include <cstdlib>

namespace nameplate::simulated {
namespace {

const Condition conditions[] = {
    {"steady", 1, 1, 0.9, 60, 0x0, 16},           {"power-cap", 0.75, 1, 1, 70, 0x4, 16},
    {"lowered-limit", 0.75, 0.6, 1, 55, 0x4, 16}, {"thermal", 0.5, 1, 0.6, 92, 0x20, 16},
    {"pcie-x4", 1, 1, 0.9, 60, 0x0, 4},           {"board-limits", 1, 1, 0.9, 60, 0x600, 16},
};

}  // namespace

std::string setting(const char* name, const std::string& otherwise) {
  const char* value = std::getenv(name);
  return value && *value ? value : otherwise;
}

double number(const char* name, double otherwise) {
  const std::string text = setting(name, "");
  if (text.empty()) return otherwise;
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (*end != '\0' || !(value > 0)) refuse(std::string(name) + "=" + text + "; allowed is a number above 0");
  return value;
}

void refuse(const std::string& what) {
  std::fprintf(stderr, "simulated driver: %s\n", what.c_str());
  std::_Exit(70);
}

const Condition& condition() {
  static const Condition& found = []() -> const Condition& {
    const std::string asked = setting("NAMEPLATE_SIMULATE_CONDITION", "steady");
    std::string known;
    for (const Condition& row : conditions) {
      if (row.name == asked) return row;
      known += (known.empty() ? "" : ", ") + row.name;
    }
    refuse("NAMEPLATE_SIMULATE_CONDITION=" + asked + "; allowed are " + known);
  }();
  return found;
}

}  // namespace nameplate::simulated
