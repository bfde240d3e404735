// Rows of fp32 rounded to a narrower format, and of fp16 widened, by the processor's widest instructions.
#pragma once

#include <cstddef>
#include <cstdint>

namespace nameplate::cpu {

// As encodeBf16 and encodeFp16 of formats.h, element by element. Rows are `ldf` and `ldt` elements apart.
void encodeBf16(const float* from, std::size_t ldf, std::uint16_t* to, std::size_t ldt, std::size_t rows,
                std::size_t columns);
void encodeFp16(const float* from, std::size_t ldf, std::uint16_t* to, std::size_t ldt, std::size_t rows,
                std::size_t columns);

// As encodeBf16, on processors with AVX512_BF16, but subnormal numbers become zero. Lines that are written
// whole go past the caches: reading them first would take as long as a GEMM of few steps.
void encodeBf16ByInstruction(const float* from, std::size_t ldf, std::uint16_t* to, std::size_t ldt,
                             std::size_t rows, std::size_t columns);

// As decodeFp16, by F16C where the processor has it.
void decodeFp16(const std::uint16_t* from, float* to, std::size_t count);

// totals += sums, each rounded to fp16 and kept as fp32; likewise.
void addInFp16(float* totals, const float* sums, std::size_t count);

}  // namespace nameplate::cpu
