// How the blocked GEMM reads, sums and writes each format: one struct each.
//
// Formats that the processor lacks are decoded exactly to fp32 while packing. A product of two such numbers
// (at most 11 significant bits each) is exact in fp32 unless it leaves fp32's range, so only the sums round,
// as in a tensor core with an fp32 accumulator, and the result is rounded once more, to the output's format.
// The conversions agree bit for bit with dtype.h; they exist because its exact ones through double would take
// longer than the multiplication. Each is free of branches, for the compiler to vectorise.
#pragma once

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "dtype.h"

namespace nameplate::cpu {

inline std::uint16_t encodeBf16(float value) {
  auto bits = std::bit_cast<std::uint32_t>(value);
  if (std::isnan(value)) return static_cast<std::uint16_t>((bits >> 16 & 0x8000u) | 0x7fffu);
  bits += 0x7fffu + (bits >> 16 & 1u);
  return static_cast<std::uint16_t>(bits >> 16);
}

// The nearest number that fp16 has, in fp32. fp16 has tf32's mantissa and a shorter exponent.
inline float roundToFp16(float value) {
  const float magnitude = std::fabs(value);
  // Adding 0.5 leaves bits down to 2^-24, which is fp16's smallest subnormal: the addition is the rounding.
  float rounded = magnitude < 0x1p-14f ? (magnitude + 0.5f) - 0.5f : roundToTf32(magnitude);
  rounded = rounded > 65504.0f ? std::numeric_limits<float>::infinity() : rounded;
  return std::copysign(rounded, value);
}

inline std::uint16_t encodeFp16(float value) {
  const float rounded = roundToFp16(value), magnitude = std::fabs(rounded);
  const auto bits = std::bit_cast<std::uint32_t>(magnitude);
  const std::uint32_t sign = std::bit_cast<std::uint32_t>(rounded) >> 16 & 0x8000u;
  if (std::isnan(value)) return static_cast<std::uint16_t>(sign | 0x7fffu);
  if (std::isinf(magnitude)) return static_cast<std::uint16_t>(sign | 0x7c00u);
  if (magnitude < 0x1p-14f)
    return static_cast<std::uint16_t>(sign | static_cast<std::uint32_t>(magnitude * 0x1p24f));
  return static_cast<std::uint16_t>(sign | ((bits >> 13) - ((127 - 15) << 10)));
}

// The magnitude of a float whose fields were moved to fp32's places: its exponent is corrected by a product,
// which also makes subnormals right. `top` is the exponent field that stands for infinity and NaN.
inline float rebias(std::uint32_t magnitude, std::uint32_t top, float scale) {
  const float number = std::bit_cast<float>(magnitude) * scale;
  return magnitude >= top ? std::bit_cast<float>(magnitude | 0x7f800000u) : number;
}

inline float decodeFp16(std::uint16_t bits) {
  return std::copysign(rebias((bits & 0x7fffu) << 13, 0x7c00u << 13, 0x1p112f),
                       bits & 0x8000u ? -1.0f : 1.0f);
}

// Its only NaN has all bits set, and it has no infinity.
inline float decodeFp8e4m3(std::uint8_t bits) {
  return std::copysign(rebias((bits & 0x7fu) << 20, 0x7fu << 20, 0x1p120f), bits & 0x80u ? -1.0f : 1.0f);
}

inline float decodeBf16(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

// A is `Stored` in memory; an `Element` of it is `encode`d from the totals. A tile multiplies units of one or
// more elements of K and sums them in registers, as `Sum`; these short sums, which also keep the rounding
// error of a long one small, are added to a `Total`, and the last total becomes the `Output`.
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
  static T add(T total, T sum) { return total + sum; }
  static T encode(T total) { return total; }
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
  static Output encode(float total) { return encodeFp16(total); }
};

// An fp16 accumulator. Hardware does not say how it sums within one instruction, so this is our definition:
// 16 products are summed in fp32, in order, then added to the total in fp32, and the total is rounded to
// fp16.
struct Fp16HalfFormat : Fp16Format {
  static constexpr std::size_t depth = 16;
  static float add(float total, float sum) { return roundToFp16(total + sum); }
};

struct Bf16Format : DecodedFormat {
  using Stored = std::uint16_t;
  using Output = std::uint16_t;
  static float left(Stored bits) { return decodeBf16(bits); }
  static float right(Stored bits) { return decodeBf16(bits); }
  static Output encode(float total) { return encodeBf16(total); }
};

struct Bf16PairFormat : NativeFormat<float> {
  using Stored = std::uint16_t;
  using Element = std::uint16_t;
  using Unit = std::uint32_t;
  using Output = std::uint16_t;
  static Element left(Stored bits) { return bits; }
  static Element right(Stored bits) { return bits; }
  static Output encode(float total) { return encodeBf16(total); }
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
  static Total add(Total total, float sum) {
    return total + static_cast<Total>(static_cast<std::int32_t>(sum));
  }
  static Output encode(Total total) { return total; }
};

struct Int8QuadFormat : NativeFormat<std::uint32_t> {
  using Stored = std::int8_t;
  using Element = std::uint8_t;
  static constexpr bool rawLeft = false;
  static Element left(Stored stored) { return static_cast<Element>(stored + 128); }
  static Element right(Stored stored) { return static_cast<Element>(stored); }
};

}  // namespace nameplate::cpu
