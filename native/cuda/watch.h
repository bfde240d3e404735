// The state of a device while a window is timed: clocks, watts, temperature, and why the clock was held back.
#pragma once

#include <memory>
#include <optional>

#include "backend.h"

namespace nameplate::cuda {

// Samples from now until stop(), on a thread of its own: a call into NVML takes up to milliseconds, and the
// thread that times may not be made to wait. Where NVML is not there, the watch stops with source "none". Of
// the peer only uncorrected ECC errors are read: what it lost, the row lost.
std::unique_ptr<Watch> watchDevice(const Facts& device, const std::optional<Facts>& peer);

// What its counter of uncorrected ECC errors stands at now.
std::optional<double> uncorrectedErrorsOf(const Facts& device);

}  // namespace nameplate::cuda
