// The builtin GEMM of the CPU: every format, any shape.
#pragma once

#include "backend.h"
#include "cpu/threads.h"
#include "cpu/tile.h"

namespace nameplate::cpu {

// Throws EINVAL where a row of a matrix would be longer than its leading dimension.
void checkShape(const GemmShape&);

// A kernel whose launch has finished when it returns, and which must not outlive `threads`. Each element of C
// is summed in one order, so that results repeat bit for bit. Throws Unsupported, EINVAL, ENOMEM.
Kernel blockedGemm(const GemmShape&, Threads& threads, const Tiles& = tilesFor(instructions()));

}  // namespace nameplate::cpu
