// What the processor says of itself.
#pragma once

#include "backend.h"

namespace nameplate::cpu {

// Never throws: what the system does not say stays absent.
Facts facts();

}  // namespace nameplate::cpu
