// How the blocked GEMM reads, sums and writes each format: one struct each.
//
// Formats that the processor lacks are decoded exactly to fp32 while packing. A product of two such numbers
// (at most 11 significant bits each) is exact in fp32 unless it leaves fp32's range, so only the sums round,
// as in a tensor core with an fp32 accumulator, and the result is rounded once more, to the output's format.
// The conversions agree bit for bit with dtype.h; they exist because its exact ones through double would take
// longer than the multiplication. Each is free of branches, for the compiler to vectorise.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "cpu/encode.h"
#include "dtype.h"

namespace nameplate::cpu {

inline std::uint16_t encodeBf16(float value) {
  auto bits = std::bit_cast<std::uint32_t>(value);
  if (std::isnan(value)) return static_cast<std::uint16_t>((bits >> 16 & 0x8000u) | 0x7fffu);
  bits += 0x7fffu + (bits >> 16 & 1u);
  return static_cast<std::uint16_t>(bits >> 16);
}

inline std::uint16_t encodeFp16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t sign = bits >> 16 & 0x8000u, magnitude = bits & 0x7fffffffu;
  const std::uint32_t rounded = magnitude + 0xfffu + (magnitude >> 13 & 1u);
  const std::uint32_t normal = (rounded >> 13) - ((127 - 15) << 10);
  // A sum with 0.5 counts units of 2^-24, which is fp16's smallest subnormal: the addition is the rounding.
  const std::uint32_t subnormal = std::bit_cast<std::uint32_t>(std::bit_cast<float>(magnitude) + 0.5f) -
                                  std::bit_cast<std::uint32_t>(0.5f);
  const auto mask = [](bool is) { return 0u - is; };  // a ?: would skip the addition, and that is a branch
  const std::uint32_t small = mask(magnitude < std::bit_cast<std::uint32_t>(0x1p-14f));
  const std::uint32_t large = mask(rounded >= std::bit_cast<std::uint32_t>(0x1p16f));
  const std::uint32_t number = (small & subnormal) | (~small & ~large & normal) | (large & 0x7c00u);
  return static_cast<std::uint16_t>(sign | number | (mask(magnitude > 0x7f800000u) & 0x7fffu));
}

// The float whose fields, moved to fp32's places, are `magnitude`: a product corrects the exponent, which
// also makes subnormals right. From `top` on they are infinity and NaN.
inline float rebias(std::uint32_t sign, std::uint32_t magnitude, std::uint32_t top, float scale) {
  const auto number = std::bit_cast<std::uint32_t>(std::bit_cast<float>(magnitude) * scale);
  return std::bit_cast<float>(sign | number | (magnitude >= top ? 0x7f800000u : 0u));
}

inline float decodeFp16(std::uint16_t bits) {
  return rebias((bits & 0x8000u) << 16, (bits & 0x7fffu) << 13, 0x7c00u << 13, 0x1p112f);
}

// Its only NaN has all bits set, and it has no infinity.
inline float decodeFp8e4m3(std::uint8_t bits) {
  return rebias((bits & 0x80u) << 24, (bits & 0x7fu) << 20, 0x7fu << 20, 0x1p120f);
}

inline float decodeBf16(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

// An element of A or B is `Stored` in memory, and left() or right() makes it an `Element`. A tile multiplies
// units of one or more elements and adds them up in registers, as a `Sum`. These short sums, which also keep
// the rounding error of a long one small, are added to a `Total`, and the last total is encoded as the
// `Output`, where that is another type: `rows` rows, `ldt` and `ldo` elements apart.
template <class T>
struct NativeFormat {
  using Stored = T;
  using Element = T;
  using Unit = T;
  using Sum = T;
  using Total = T;
  using Output = T;
  static constexpr bool rawLeft = true, rawRight = true;  // elements of A and of B are what is stored
  static constexpr std::size_t depth = std::numeric_limits<std::size_t>::max();  // elements in a sum, at most
  static T left(T stored) { return stored; }
  static T right(T stored) { return stored; }
  static void add(T* totals, const T* sums, std::size_t count) {
    for (std::size_t at = 0; at < count; ++at) totals[at] += sums[at];
  }
};

struct DecodedFormat : NativeFormat<float> {
  static constexpr bool rawLeft = false, rawRight = false;
};

struct Tf32Format : DecodedFormat {
  static float left(float stored) { return roundToTf32(stored); }
  static float right(float stored) { return roundToTf32(stored); }
};

struct Fp16Format : DecodedFormat {
  using Stored = std::uint16_t;
  using Output = std::uint16_t;
  static float left(Stored bits) { return decodeFp16(bits); }
  static float right(Stored bits) { return decodeFp16(bits); }
  // Both of the above, for a row.
  static void decode(const Stored* from, float* to, std::size_t count) { decodeFp16(from, to, count); }
  static void encode(const float* totals, std::size_t ldt, Output* out, std::size_t ldo, std::size_t rows,
                     std::size_t columns) {
    encodeFp16(totals, ldt, out, ldo, rows, columns);
  }
};

// An fp16 accumulator. Hardware does not say how it sums within one instruction, so this is our definition:
// 16 products are summed in fp32, in order, then added to the total in fp32, and the total is rounded to
// fp16.
struct Fp16HalfFormat : Fp16Format {
  static constexpr std::size_t depth = 16;
  static void add(float* totals, const float* sums, std::size_t count) { addInFp16(totals, sums, count); }
};

struct Bf16Format : DecodedFormat {
  using Stored = std::uint16_t;
  using Output = std::uint16_t;
  static float left(Stored bits) { return decodeBf16(bits); }
  static float right(Stored bits) { return decodeBf16(bits); }
  static void encode(const float* totals, std::size_t ldt, Output* out, std::size_t ldo, std::size_t rows,
                     std::size_t columns) {
    encodeBf16(totals, ldt, out, ldo, rows, columns);
  }
};

struct Bf16PairFormat : NativeFormat<float> {
  using Stored = std::uint16_t;
  using Element = std::uint16_t;
  using Unit = std::uint32_t;
  using Output = std::uint16_t;
  static Element left(Stored bits) { return bits; }
  static Element right(Stored bits) { return bits; }
  static void encode(const float* totals, std::size_t ldt, Output* out, std::size_t ldo, std::size_t rows,
                     std::size_t columns) {
    encodeBf16ByInstruction(totals, ldt, out, ldo, rows, columns);
  }
};

struct Fp8e4m3Format : Bf16Format {
  using Stored = std::uint8_t;
  static float left(Stored bits) { return decodeFp8e4m3(bits); }
  static float right(Stored bits) { return decodeFp8e4m3(bits); }
};

// e5m2 is fp16 without its low byte.
struct Fp8e5m2Format : Bf16Format {
  using Stored = std::uint8_t;
  static float left(Stored bits) { return decodeFp16(static_cast<std::uint16_t>(bits << 8)); }
  static float right(Stored bits) { return decodeFp16(static_cast<std::uint16_t>(bits << 8)); }
};

// A product of two int8 is at most 2^14, so sums of 1024 are exact in fp32, whatever their order; the totals
// are integers and wrap as the hardware's do.
struct Int8Format : DecodedFormat {
  using Stored = std::int8_t;
  using Total = std::uint32_t;
  using Output = std::uint32_t;
  static constexpr std::size_t depth = 1024;
  static float left(Stored stored) { return stored; }
  static float right(Stored stored) { return stored; }
  static void add(Total* totals, const float* sums, std::size_t count) {
    for (std::size_t at = 0; at < count; ++at)
      totals[at] += static_cast<Total>(static_cast<std::int32_t>(sums[at]));
  }
};

// The tile adds 128 to what it packs of B.
struct Int8QuadFormat : NativeFormat<std::uint32_t> {
  using Stored = std::int8_t;
  using Element = std::int8_t;
  static Element left(Stored stored) { return stored; }
  static Element right(Stored stored) { return stored; }
};

}  // namespace nameplate::cpu
