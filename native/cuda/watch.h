// The state of a device while a window is timed: clocks, watts, temperature, and why the clock was held back.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "backend.h"

namespace nameplate::cuda {

// Samples from now until stop(), on a thread of its own: a call into NVML takes up to milliseconds, and the
// thread that times may not be made to wait. Where NVML is not there, the watch stops with source "none".
std::unique_ptr<Watch> watchDevice(const std::optional<std::string>& uuid,
                                   const std::optional<std::string>& busId);

// What its counter of uncorrected ECC errors stands at now.
std::optional<double> uncorrectedErrorsOf(const std::optional<std::string>& uuid,
                                          const std::optional<std::string>& busId);

}  // namespace nameplate::cuda
