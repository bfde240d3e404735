// How wide the accumulator behind a GEMM is, which for FP8 no document of NVIDIA's tells: Hopper's tensor
// cores take the highest 14 bits of each product (DeepSeek-V3's report, section 3.5.2), others more.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>

#include "backend.h"

namespace nameplate {

inline constexpr std::size_t leastSumBits = 8, mostSumBits = 25;  // between them lies the answer

// The bits below its largest term that a sum keeps: 2^-bits of it is added, and half of that lost. Writes to
// rows of A and of B, launches, and reads C, whose first element lies at `firstOfC`. Absent where the shape
// is too small to ask. The format must hold 2^8 and 2^-9.
std::optional<std::size_t> sumBits(Device&, const GemmShape&, Buffer& a, Buffer& b, const Buffer& c,
                                   std::size_t firstOfC, const std::function<void()>& launch);

}  // namespace nameplate
