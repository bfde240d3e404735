// Memory traffic on the CPU: STREAM's operations of backend.h.
#pragma once

#include <cstddef>

#include "backend.h"
#include "cpu/threads.h"

namespace nameplate::cpu {

// A kernel whose launch has finished when it returns, and which must not outlive `threads`. `bytesPerArray`
// is a multiple of 8, and the operands start at multiples of 64 bytes, as all buffers do; EINVAL otherwise.
Kernel memoryStream(Stream, std::size_t bytesPerArray, Threads& threads);

// The same by the C library: copy alone. Throws Unsupported for the rest.
Kernel libraryStream(Stream, std::size_t bytesPerArray, Threads& threads);

}  // namespace nameplate::cpu
