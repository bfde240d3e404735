// Where a device is plugged in, as the system tells it: the driver does not.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "backend.h"

namespace nameplate::cuda {

// What the system knows of the PCI device with the bus id "00000000:1B:00.0"; all of it may be absent, as in
// a virtual machine. `root` is the driver's.
struct PciPlace {
  std::optional<int> node;
  std::optional<LinkEnd> card;  // the most that the device's end of the link can do
  std::optional<LinkEnd> slot;  // and the port that it is plugged into
};
PciPlace pciPlace(const std::string& busId, const std::filesystem::path& root);

}  // namespace nameplate::cuda
