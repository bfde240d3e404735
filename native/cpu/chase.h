// Latency on the CPU: one thread follows addresses.
#pragma once

#include "backend.h"

namespace nameplate::cpu {

// A kernel whose launch takes `steps` steps and has finished when it returns; out is a ChaseState.
Kernel pointerChase(std::size_t steps);

}  // namespace nameplate::cpu
