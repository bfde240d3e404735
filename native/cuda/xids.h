// Xids of a device, by NVML's events.
#pragma once

#include <memory>

#include "facts.h"
#include "xids.h"

namespace nameplate::cuda {

// Listens from now on; null where NVML does not let this process. Of a GPU in slices, what hits the whole of
// it.
std::unique_ptr<Xids> listenForXids(const Facts& device);

}  // namespace nameplate::cuda
