#include "bus.h"

#include <fstream>

#include "setting.h"

namespace nameplate::simulated {

std::vector<unsigned> emptySlots() {
  std::vector<unsigned> slots;
  std::ifstream file(setting("NAMEPLATE_SIMULATE_BUS", ""));
  for (unsigned slot; file >> slot;) slots.push_back(slot);
  return slots;
}

void leaveBus(unsigned slot) {
  const std::string path = setting("NAMEPLATE_SIMULATE_BUS", "");
  if (!path.empty()) std::ofstream(path, std::ios::app) << slot << '\n';
}

}  // namespace nameplate::simulated
