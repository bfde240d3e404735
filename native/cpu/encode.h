// Rows of fp32 rounded to a narrower format, in the processor's widest vectors.
#pragma once

#include <cstddef>
#include <cstdint>

namespace nameplate::cpu {

// As encodeBf16 and encodeFp16 of formats.h, element by element.
void encodeBf16(const float* from, std::uint16_t* to, std::size_t count);
void encodeFp16(const float* from, std::uint16_t* to, std::size_t count);

}  // namespace nameplate::cpu
