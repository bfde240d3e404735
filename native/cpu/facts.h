// What the processor says of itself.
#pragma once

#include "backend.h"
#include "cpu/placement.h"

namespace nameplate::cpu {

// Of a run on `at`. Never throws: what the system does not say stays absent.
Facts facts(const Placement& at);

}  // namespace nameplate::cpu
