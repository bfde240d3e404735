// The loops that a ceiling is measured with: multiply-adds on registers and nothing else, one for each
// resource and instruction set.
#include <array>
#include <cstddef>
#include <cstdint>

#include "cpu/ceiling.h"

#ifdef __x86_64__
#include <cpuid.h>
#include <immintrin.h>
#endif

namespace nameplate::cpu {
namespace {

#ifdef __clang__
#define NAMEPLATE_UNROLL _Pragma("unroll")
#else
#define NAMEPLATE_UNROLL _Pragma("GCC unroll 32")
#endif

// Sums in flight. A multiply-add takes four clocks, and up to four start in each: 16 keep any core busy. With
// sixteen registers there is room for 14, beside two operands.
constexpr int few = 14, many = 24;

// Tells the compiler that `value` is in a register, has changed and is needed, at the cost of no instruction.
#if defined(__x86_64__)
#define NAMEPLATE_HOLD(value) asm volatile("" : "+v"(value))
#elif defined(__aarch64__)
#define NAMEPLATE_HOLD(value) asm volatile("" : "+w"(value))
#else
#define NAMEPLATE_HOLD(value) asm volatile("" : "+m"(value))
#endif

// Steps in which each of `count` sums becomes `next`, an expression of `sum`, `left` and `right`. A macro,
// because a register's width is checked against the instruction set of the function that it is written in.
#define NAMEPLATE_LOOP(Vector, count, next)          \
  NAMEPLATE_HOLD(left);                              \
  NAMEPLATE_HOLD(right);                             \
  Vector sums[count] = {};                           \
  for (std::size_t step = 0; step < steps; ++step) { \
    NAMEPLATE_UNROLL                                 \
    for (int i = 0; i < count; ++i) {                \
      Vector sum = sums[i];                          \
      sum = next;                                    \
      NAMEPLATE_HOLD(sum);                           \
      sums[i] = sum;                                 \
    }                                                \
  }

// With the factor -1 a sum alternates between two values: it neither overflows nor fades into denormals,
// which some processors are slow at.
#define NAMEPLATE_MULTIPLY_ADDS(T, vectorBytes, count)         \
  typedef T Vector __attribute__((vector_size(vectorBytes)));  \
  Vector left = Vector{} - 1, right = Vector{} + T(1.2345678); \
  NAMEPLATE_LOOP(Vector, count, sum* left + right)

template <class T>
constexpr double flop(int vectorBytes, int count) {
  return 2.0 * vectorBytes / sizeof(T) * count;
}

#ifdef __x86_64__

template <class T>
__attribute__((target("avx512f,fma"))) void avx512(std::size_t steps) {
  NAMEPLATE_MULTIPLY_ADDS(T, 64, many)
}

template <class T>
__attribute__((target("avx2,fma"))) void avx2(std::size_t steps) {
  NAMEPLATE_MULTIPLY_ADDS(T, 32, few)
}

template <class T>
__attribute__((target("avx"))) void avx(std::size_t steps) {
  NAMEPLATE_MULTIPLY_ADDS(T, 32, few)
}

template <class T>
void sse2(std::size_t steps) {
  NAMEPLATE_MULTIPLY_ADDS(T, 16, few)
}

// Pairs of 1.5 times pairs of 1.25 and -1.25, which cancel.
__attribute__((target("avx512f,avx512bf16"))) void avx512Bf16(std::size_t steps) {
  __m512i left = _mm512_set1_epi32(0x3fc03fc0), right = _mm512_set1_epi32(0x3fa0bfa0);
  NAMEPLATE_LOOP(__m512, many, _mm512_dpbf16_ps(sum, (__m512bh)left, (__m512bh)right))
}

__attribute__((target("avx512f,avx512vnni"))) void avx512Vnni(std::size_t steps) {
  __m512i left = _mm512_set1_epi32(0x5a3c7812), right = _mm512_set1_epi32(0x1f6e2b4d);
  NAMEPLATE_LOOP(__m512i, many, _mm512_dpbusd_epi32(sum, left, right))
}

bool hasAvx512() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("fma");
}
bool hasAvx2() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}
bool hasAvx() {
  return __builtin_cpu_supports("avx");
}
// Not every compiler that we build with knows their names.
constexpr unsigned matrixBf16 = 1u << 22, matrixInt8 = 1u << 25;
bool hasMatrixUnits(unsigned format) {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (d & format) != 0;
}
bool hasBf16() {
  return hasAvx512() && __builtin_cpu_supports("avx512bf16") && !hasMatrixUnits(matrixBf16);
}
bool hasVnni() {
  return hasAvx512() && __builtin_cpu_supports("avx512vnni") && !hasMatrixUnits(matrixInt8);
}
bool always() {
  return true;
}

constexpr auto fp32 = "vector.fp32", fp64 = "vector.fp64";
constexpr auto fp32Adds = "fp32 multiply-adds", fp64Adds = "fp64 multiply-adds";
constexpr auto fp32Pairs = "fp32 multiplications and additions",
               fp64Pairs = "fp64 multiplications and additions";
constexpr std::array table{
    CeilingLoop{fp32, fp32Adds, "AVX-512", flop<float>(64, many), avx512<float>, hasAvx512},
    CeilingLoop{fp32, fp32Adds, "AVX2", flop<float>(32, few), avx2<float>, hasAvx2},
    CeilingLoop{fp32, fp32Pairs, "AVX", flop<float>(32, few), avx<float>, hasAvx},
    CeilingLoop{fp32, fp32Pairs, "SSE2", flop<float>(16, few), sse2<float>, always},
    CeilingLoop{fp64, fp64Adds, "AVX-512", flop<double>(64, many), avx512<double>, hasAvx512},
    CeilingLoop{fp64, fp64Adds, "AVX2", flop<double>(32, few), avx2<double>, hasAvx2},
    CeilingLoop{fp64, fp64Pairs, "AVX", flop<double>(32, few), avx<double>, hasAvx},
    CeilingLoop{fp64, fp64Pairs, "SSE2", flop<double>(16, few), sse2<double>, always},
    CeilingLoop{"vector.bf16", "bf16 dot products", "AVX-512", flop<std::uint16_t>(64, many), avx512Bf16,
                hasBf16},
    CeilingLoop{"vector.int8", "int8 dot products", "AVX-512", flop<std::uint8_t>(64, many), avx512Vnni,
                hasVnni},
};

#else

template <class T>
void baseline(std::size_t steps) {
  NAMEPLATE_MULTIPLY_ADDS(T, 16, many)
}
bool always() {
  return true;
}

#ifdef __ARM_NEON
constexpr auto width = "NEON";
#else
constexpr auto width = "128-bit vectors";
#endif
constexpr std::array table{
    CeilingLoop{"vector.fp32", "fp32 multiply-adds", width, flop<float>(16, many), baseline<float>, always},
    CeilingLoop{"vector.fp64", "fp64 multiply-adds", width, flop<double>(16, many), baseline<double>, always},
};

#endif

}  // namespace

std::span<const CeilingLoop> ceilingLoops() {
  return table;
}

}  // namespace nameplate::cpu
