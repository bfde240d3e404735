// DPX instructions on the simulated card. No document gives their rate: a multiprocessor of it takes 64 calls
// a clock where they are native, and 16 where they are not.
#pragma once

#include "kernels/parameters.h"
#include "work.h"

namespace nameplate::simulated {

enum class Dpx { addMax, addMax16, addMax16Relu, max3 };

Work dpxWork(const Card&, Dpx, unsigned blocks, const DpxParameters&);

}  // namespace nameplate::simulated
