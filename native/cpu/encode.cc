#include "cpu/encode.h"

#include "cpu/formats.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

// The choice among clones is made by the loader, and that of glibc alone knows how.
#if defined(__x86_64__) && defined(__GLIBC__) && !defined(__clang__)
#define NAMEPLATE_WIDEST __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define NAMEPLATE_WIDEST
#endif

namespace nameplate::cpu {

NAMEPLATE_WIDEST void encodeBf16(const float* __restrict from, std::size_t ldf, std::uint16_t* __restrict to,
                                 std::size_t ldt, std::size_t rows, std::size_t columns) {
  for (std::size_t row = 0; row < rows; ++row)
    for (std::size_t column = 0; column < columns; ++column)
      to[row * ldt + column] = encodeBf16(from[row * ldf + column]);
}

NAMEPLATE_WIDEST void encodeFp16(const float* __restrict from, std::size_t ldf, std::uint16_t* __restrict to,
                                 std::size_t ldt, std::size_t rows, std::size_t columns) {
  for (std::size_t row = 0; row < rows; ++row)
    for (std::size_t column = 0; column < columns; ++column)
      to[row * ldt + column] = encodeFp16(from[row * ldf + column]);
}

namespace {

void decodeByBits(const std::uint16_t* from, float* to, std::size_t count) {
  for (std::size_t at = 0; at < count; ++at) to[at] = decodeFp16(from[at]);
}

#ifdef __x86_64__
__attribute__((target("avx,f16c"))) void decodeByF16c(const std::uint16_t* from, float* to,
                                                      std::size_t count) {
  const std::size_t whole = count / 8 * 8;
  for (std::size_t at = 0; at < whole; at += 8)
    _mm256_storeu_ps(to + at, _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from + at))));
  decodeByBits(from + whole, to + whole, count - whole);
}
#endif

}  // namespace

void decodeFp16(const std::uint16_t* from, float* to, std::size_t count) {
#ifdef __x86_64__
  static const bool f16c = __builtin_cpu_supports("avx") && __builtin_cpu_supports("f16c");
  if (f16c) return decodeByF16c(from, to, count);
#endif
  decodeByBits(from, to, count);
}

}  // namespace nameplate::cpu
