// wgmma's multiply: one function for each format and number of columns. Nothing to read here but the macros;
// the instruction wants every register of the sums named.
//
// multiplyAdd(d, a, b, accumulate): d (64 x columns) = a (64 rows) times the transpose of b (`columns` rows),
// each 32 bytes of K from the shared memory that the descriptor tells of, plus d where `accumulate`. It is
// only begun: d holds it after waitForMultiplies. d's length says the number of columns. Thread t of the
// warpgroup holds, of rows t / 32 * 16 + t mod 32 / 4 and that + 8, columns 2 (t mod 4) and the next of every
// eight: in this order, two registers and two, or one and one where a register holds two fp16.
#pragma once

namespace nameplate::hopper {

// %0 to %9, %10 to %19, ...
#define NAMEPLATE_TEN(tens)                                                                                 \
  "%" #tens "0,%" #tens "1,%" #tens "2,%" #tens "3,%" #tens "4,%" #tens "5,%" #tens "6,%" #tens "7,%" #tens \
  "8,%" #tens "9"
#define NAMEPLATE_FIRST_TEN "%0,%1,%2,%3,%4,%5,%6,%7,%8,%9"
#define NAMEPLATE_NAMES_16 NAMEPLATE_FIRST_TEN ",%10,%11,%12,%13,%14,%15"
#define NAMEPLATE_AFTER_16 "%16, %17"
#define NAMEPLATE_FLAG_16 "%18"
#define NAMEPLATE_NAMES_32 NAMEPLATE_FIRST_TEN "," NAMEPLATE_TEN(1) "," NAMEPLATE_TEN(2) ",%30,%31"
#define NAMEPLATE_AFTER_32 "%32, %33"
#define NAMEPLATE_FLAG_32 "%34"
#define NAMEPLATE_NAMES_48 \
  NAMEPLATE_FIRST_TEN      \
  "," NAMEPLATE_TEN(1) "," NAMEPLATE_TEN(2) "," NAMEPLATE_TEN(3) ",%40,%41,%42,%43,%44,%45,%46,%47"
#define NAMEPLATE_AFTER_48 "%48, %49"
#define NAMEPLATE_FLAG_48 "%50"
#define NAMEPLATE_NAMES_64                                                                              \
  NAMEPLATE_FIRST_TEN "," NAMEPLATE_TEN(1) "," NAMEPLATE_TEN(2) "," NAMEPLATE_TEN(3) "," NAMEPLATE_TEN( \
      4) "," NAMEPLATE_TEN(5) ",%60,%61,%62,%63"
#define NAMEPLATE_AFTER_64 "%64, %65"
#define NAMEPLATE_FLAG_64 "%66"
#define NAMEPLATE_NAMES_96                                                                               \
  NAMEPLATE_FIRST_TEN                                                                                    \
  "," NAMEPLATE_TEN(1) "," NAMEPLATE_TEN(2) "," NAMEPLATE_TEN(3) "," NAMEPLATE_TEN(4) "," NAMEPLATE_TEN( \
      5) "," NAMEPLATE_TEN(6) "," NAMEPLATE_TEN(7) "," NAMEPLATE_TEN(8) ",%90,%91,%92,%93,%94,%95"
#define NAMEPLATE_AFTER_96 "%96, %97"
#define NAMEPLATE_FLAG_96 "%98"
#define NAMEPLATE_NAMES_128 \
  NAMEPLATE_FIRST_TEN "," NAMEPLATE_TEN(1) "," NAMEPLATE_TEN(2) "," NAMEPLATE_TEN(3) "," NAMEPLATE_TEN(4) "," NAMEPLATE_TEN(5) "," NAMEPLATE_TEN(6) "," NAMEPLATE_TEN(7) "," NAMEPLATE_TEN(8) "," NAMEPLATE_TEN(9) "," NAMEPLATE_TEN(10) "," NAMEPLATE_TEN(11) ",%120,%121,%122,%123,%124,%125,%126,%127"
#define NAMEPLATE_AFTER_128 "%128, %129"
#define NAMEPLATE_FLAG_128 "%130"

// "+f"(d[0]), "+f"(d[1]), ...
#define NAMEPLATE_SUMS_8(c, i) \
  c(d[i]), c(d[i + 1]), c(d[i + 2]), c(d[i + 3]), c(d[i + 4]), c(d[i + 5]), c(d[i + 6]), c(d[i + 7])
#define NAMEPLATE_SUMS_AT_16(c, i) NAMEPLATE_SUMS_8(c, i), NAMEPLATE_SUMS_8(c, i + 8)
#define NAMEPLATE_SUMS_AT_32(c, i) NAMEPLATE_SUMS_AT_16(c, i), NAMEPLATE_SUMS_AT_16(c, i + 16)
#define NAMEPLATE_SUMS_AT_64(c, i) NAMEPLATE_SUMS_AT_32(c, i), NAMEPLATE_SUMS_AT_32(c, i + 32)
#define NAMEPLATE_SUMS_16(c) NAMEPLATE_SUMS_AT_16(c, 0)
#define NAMEPLATE_SUMS_32(c) NAMEPLATE_SUMS_AT_32(c, 0)
#define NAMEPLATE_SUMS_48(c) NAMEPLATE_SUMS_AT_32(c, 0), NAMEPLATE_SUMS_AT_16(c, 32)
#define NAMEPLATE_SUMS_64(c) NAMEPLATE_SUMS_AT_64(c, 0)
#define NAMEPLATE_SUMS_96(c) NAMEPLATE_SUMS_AT_64(c, 0), NAMEPLATE_SUMS_AT_32(c, 64)
#define NAMEPLATE_SUMS_128(c) NAMEPLATE_SUMS_AT_64(c, 0), NAMEPLATE_SUMS_AT_64(c, 64)

#define NAMEPLATE_MULTIPLY(type, constraint, count, shape, scales)                            \
  static __device__ __forceinline__ void multiplyAdd(type(&d)[count], unsigned long long a,   \
                                                     unsigned long long b, bool accumulate) { \
    asm volatile("{\n.reg .pred add;\nsetp.ne.b32 add, " NAMEPLATE_FLAG_##count               \
                 ", 0;\nwgmma.mma_async.sync.aligned." shape " {" NAMEPLATE_NAMES_##count     \
                 "}, " NAMEPLATE_AFTER_##count ", add" scales ";\n}"                          \
                 : NAMEPLATE_SUMS_##count(constraint)                                         \
                 : "l"(a), "l"(b), "r"(static_cast<int>(accumulate)));                        \
  }

// multiply(...) for the sums of 64, 128, 192 and 256 columns. `scales` are two factors of 1 and, for 16-bit
// inputs, the transposes: none.
// clang-format off
#define NAMEPLATE_WORDS(multiply, type, constraint, depth, kinds, scales) \
  multiply(type, constraint, 32, "m64n64" depth kinds, scales)            \
  multiply(type, constraint, 64, "m64n128" depth kinds, scales)           \
  multiply(type, constraint, 96, "m64n192" depth kinds, scales)           \
  multiply(type, constraint, 128, "m64n256" depth kinds, scales)
// clang-format on

#define NAMEPLATE_FLOAT(x) "+f"(x)
#define NAMEPLATE_WORD(x) "+r"(x)

struct Bf16 {
  NAMEPLATE_WORDS(NAMEPLATE_MULTIPLY, float, NAMEPLATE_FLOAT, "k16", ".f32.bf16.bf16", ", 1, 1, 0, 0")
};
struct Fp16 {
  NAMEPLATE_WORDS(NAMEPLATE_MULTIPLY, float, NAMEPLATE_FLOAT, "k16", ".f32.f16.f16", ", 1, 1, 0, 0")
};
struct Fp16Acc16 {
  NAMEPLATE_MULTIPLY(unsigned, NAMEPLATE_WORD, 16, "m64n64k16.f16.f16.f16", ", 1, 1, 0, 0")
  NAMEPLATE_MULTIPLY(unsigned, NAMEPLATE_WORD, 32, "m64n128k16.f16.f16.f16", ", 1, 1, 0, 0")
  NAMEPLATE_MULTIPLY(unsigned, NAMEPLATE_WORD, 48, "m64n192k16.f16.f16.f16", ", 1, 1, 0, 0")
  NAMEPLATE_MULTIPLY(unsigned, NAMEPLATE_WORD, 64, "m64n256k16.f16.f16.f16", ", 1, 1, 0, 0")
};
struct Tf32 {
  NAMEPLATE_WORDS(NAMEPLATE_MULTIPLY, float, NAMEPLATE_FLOAT, "k8", ".f32.tf32.tf32", ", 1, 1")
};
struct Int8 {
  NAMEPLATE_WORDS(NAMEPLATE_MULTIPLY, int, NAMEPLATE_WORD, "k32", ".s32.s8.s8", "")
};
struct Fp8E4m3 {
  NAMEPLATE_WORDS(NAMEPLATE_MULTIPLY, float, NAMEPLATE_FLOAT, "k32", ".f32.e4m3.e4m3", ", 1, 1")
};
struct Fp8E5m2 {
  NAMEPLATE_WORDS(NAMEPLATE_MULTIPLY, float, NAMEPLATE_FLOAT, "k32", ".f32.e5m2.e5m2", ", 1, 1")
};

}  // namespace nameplate::hopper
