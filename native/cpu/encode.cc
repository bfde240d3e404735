#include "cpu/encode.h"

#include "clones.h"
#include "cpu/formats.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

#include <algorithm>

namespace nameplate::cpu {

NAMEPLATE_CLONES void encodeBf16(const float* __restrict from, std::size_t ldf, std::uint16_t* __restrict to,
                                 std::size_t ldt, std::size_t rows, std::size_t columns) {
  for (std::size_t row = 0; row < rows; ++row)
    for (std::size_t column = 0; column < columns; ++column)
      to[row * ldt + column] = encodeBf16(from[row * ldf + column]);
}

NAMEPLATE_CLONES void encodeFp16(const float* __restrict from, std::size_t ldf, std::uint16_t* __restrict to,
                                 std::size_t ldt, std::size_t rows, std::size_t columns) {
  for (std::size_t row = 0; row < rows; ++row)
    for (std::size_t column = 0; column < columns; ++column)
      to[row * ldt + column] = encodeFp16(from[row * ldf + column]);
}

#ifdef __x86_64__
__attribute__((target("avx512f,avx512bw,avx512bf16"))) void encodeBf16ByInstruction(
    const float* from, std::size_t ldf, std::uint16_t* to, std::size_t ldt, std::size_t rows,
    std::size_t columns) {
  constexpr std::size_t line = 64 / sizeof *to;
  for (std::size_t row = 0; row < rows; ++row, from += ldf, to += ldt) {
    std::size_t column = 0;
    if (reinterpret_cast<std::uintptr_t>(to) % 64 == 0)
      for (; column + line <= columns; column += line) {
        const __m512bh encoded =
            _mm512_cvtne2ps_pbh(_mm512_loadu_ps(from + column + line / 2), _mm512_loadu_ps(from + column));
        _mm512_stream_si512(reinterpret_cast<__m512i*>(to + column), reinterpret_cast<__m512i>(encoded));
      }
    for (; column < columns; column += line) {
      const std::size_t count = std::min(line, columns - column);
      const auto low = static_cast<__mmask16>((1u << std::min<std::size_t>(count, 16)) - 1);
      const auto high = static_cast<__mmask16>((1u << (count > 16 ? count - 16 : 0)) - 1);
      const __m512bh encoded = _mm512_cvtne2ps_pbh(_mm512_maskz_loadu_ps(high, from + column + line / 2),
                                                   _mm512_maskz_loadu_ps(low, from + column));
      _mm512_mask_storeu_epi16(to + column, static_cast<__mmask32>((std::uint64_t{1} << count) - 1),
                               reinterpret_cast<__m512i>(encoded));
    }
  }
}
#else
void encodeBf16ByInstruction(const float* from, std::size_t ldf, std::uint16_t* to, std::size_t ldt,
                             std::size_t rows, std::size_t columns) {
  encodeBf16(from, ldf, to, ldt, rows, columns);
}
#endif

namespace {

void decodeByBits(const std::uint16_t* from, float* to, std::size_t count) {
  for (std::size_t at = 0; at < count; ++at) to[at] = decodeFp16(from[at]);
}

void addByBits(float* totals, const float* sums, std::size_t count) {
  for (std::size_t at = 0; at < count; ++at) totals[at] = decodeFp16(encodeFp16(totals[at] + sums[at]));
}

#ifdef __x86_64__
const bool f16c = __builtin_cpu_supports("avx") && __builtin_cpu_supports("f16c");

__attribute__((target("avx,f16c"))) void decodeByF16c(const std::uint16_t* from, float* to,
                                                      std::size_t count) {
  const std::size_t whole = count / 8 * 8;
  for (std::size_t at = 0; at < whole; at += 8)
    _mm256_storeu_ps(to + at, _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from + at))));
  decodeByBits(from + whole, to + whole, count - whole);
}

__attribute__((target("avx,f16c"))) void addByF16c(float* totals, const float* sums, std::size_t count) {
  const std::size_t whole = count / 8 * 8;
  for (std::size_t at = 0; at < whole; at += 8) {
    const __m256 sum = _mm256_add_ps(_mm256_loadu_ps(totals + at), _mm256_loadu_ps(sums + at));
    _mm256_storeu_ps(totals + at, _mm256_cvtph_ps(_mm256_cvtps_ph(sum, _MM_FROUND_TO_NEAREST_INT)));
  }
  addByBits(totals + whole, sums + whole, count - whole);
}
#else
constexpr bool f16c = false;
constexpr auto decodeByF16c = decodeByBits;
constexpr auto addByF16c = addByBits;
#endif

}  // namespace

void decodeFp16(const std::uint16_t* from, float* to, std::size_t count) {
  f16c ? decodeByF16c(from, to, count) : decodeByBits(from, to, count);
}

void addInFp16(float* totals, const float* sums, std::size_t count) {
  f16c ? addByF16c(totals, sums, count) : addByBits(totals, sums, count);
}

}  // namespace nameplate::cpu
