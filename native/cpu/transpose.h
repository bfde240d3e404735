// The transpose of a packed matrix, for layouts that a GEMM does not take.
#pragma once

#include <cstddef>

#include "backend.h"
#include "cpu/threads.h"

namespace nameplate::cpu {

// out (columns x rows) = the transpose of a (rows x columns).
using Transpose = void (*)(const Operands&, std::size_t rows, std::size_t columns, Threads&);

// For elements of 1, 2, 4 or 8 bytes; EINVAL for others.
Transpose transposeOf(std::size_t elementBytes);

}  // namespace nameplate::cpu
