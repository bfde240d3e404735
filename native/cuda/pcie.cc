#include "cuda/pcie.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <iterator>

#include "cpu/sysfs.h"

namespace nameplate::cuda {
namespace {

namespace fs = std::filesystem;
using cpu::firstLine;

// "32.0 GT/s PCIe" as 5; 0 for "Unknown".
double generationOf(const std::string& speed) {
  constexpr double gigatransfers[] = {2.5, 5, 8, 16, 32, 64};
  const double said = std::strtod(speed.c_str(), nullptr);
  const auto* const found = std::ranges::find(gigatransfers, said);
  return found == std::end(gigatransfers) ? 0 : static_cast<double>(found - gigatransfers + 1);
}

std::optional<LinkEnd> endOf(const fs::path& port) {
  const LinkEnd end{generationOf(firstLine(port / "max_link_speed")),
                    std::strtod(firstLine(port / "max_link_width").c_str(), nullptr)};
  // 255 lanes are how the system says that it does not know.
  return end.generation > 0 && end.width > 0 && end.width <= 32 ? std::optional(end) : std::nullopt;
}

}  // namespace

PciPlace pciPlace(const std::string& busId, const fs::path& root) {
  // Eight digits of a domain where the system writes four.
  std::string name = busId.size() > 12 ? busId.substr(busId.size() - 12) : busId;
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
  std::error_code absent;
  const fs::path device = fs::canonical(root / "sys/bus/pci/devices" / name, absent);
  if (absent) return {};
  PciPlace place;
  const std::string node = firstLine(device / "numa_node");  // -1 where there is none
  if (!node.empty() && std::atoi(node.c_str()) >= 0) place.node = std::atoi(node.c_str());
  place.card = endOf(device);
  place.slot = endOf(device.parent_path());
  return place;
}

}  // namespace nameplate::cuda
