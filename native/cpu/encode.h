// Rows of fp32 rounded to a narrower format, and of fp16 widened, by the processor's widest instructions.
#pragma once

#include <cstddef>
#include <cstdint>

namespace nameplate::cpu {

// As encodeBf16 and encodeFp16 of formats.h, element by element.
void encodeBf16(const float* from, std::uint16_t* to, std::size_t count);
void encodeFp16(const float* from, std::uint16_t* to, std::size_t count);

// As decodeFp16, by F16C where the processor has it.
void decodeFp16(const std::uint16_t* from, float* to, std::size_t count);

}  // namespace nameplate::cpu
