// Prints what native/cuda/pcie.cc and numa.cc read of a PCI device on a made-up machine: place ROOT BUS-ID
#include <iostream>

#include "cuda/numa.h"
#include "cuda/pcie.h"

using namespace nameplate;
using namespace nameplate::cuda;

int main(int, char** arguments) {
  const PciPlace place = pciPlace(arguments[2], arguments[1]);
  const auto end = [](const std::optional<LinkEnd>& known) {
    return known ? std::to_string(static_cast<int>(known->generation)) + "x" +
                       std::to_string(static_cast<int>(known->width))
                 : "none";
  };
  std::cout << "node " << (place.node ? std::to_string(*place.node) : "none") << " card " << end(place.card)
            << " slot " << end(place.slot) << " nodes " << hostNodes(arguments[1]).size();
  const auto farthest = place.node ? farthestFrom(*place.node, arguments[1]) : std::nullopt;
  if (farthest) std::cout << " far " << farthest->node << " at " << farthest->distance;
  std::cout << "\n";
}
