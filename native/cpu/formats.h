// How the blocked GEMM reads, sums and writes each format: one struct each.
//
// Formats that the processor lacks are decoded exactly to fp32 while packing. A product of two such numbers
// (at most 11 significant bits each) is exact in fp32 unless it leaves fp32's range, so only the sums round,
// as in a tensor core with an fp32 accumulator, and the result is rounded once more, to the output's format.
// The conversions agree bit for bit with dtype.h; they exist because its exact ones through double would take
// longer than the multiplication.
#pragma once

#include <array>
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

// Every bit pattern of a small format, decoded.
template <DType dtype>
const auto& decoded() {
  constexpr std::size_t patterns = std::size_t{1} << (8 * row(dtype).bytes);
  static const auto table = [] {
    std::array<float, patterns> values;
    for (std::size_t bits = 0; bits < patterns; ++bits)
      values[bits] = static_cast<float>(decodeSmallFloat(row(dtype), static_cast<std::uint16_t>(bits)));
    return values;
  }();
  return table;
}

// `Stored` in memory, `Computed` in registers. Every `depth` products, the sum so far is added to `Total`,
// which becomes `Output`. The short sums also keep the rounding error of a long one small.
template <class T>
struct NativeFormat {
  using Stored = T;
  using Computed = T;
  using Total = T;
  using Output = T;
  static constexpr std::size_t depth = 256;
  static T decode(T stored) { return stored; }
  static T add(T total, T sum) { return total + sum; }
  static T encode(T total) { return total; }
};

struct Tf32Format : NativeFormat<float> {
  static float decode(float stored) { return roundToTf32(stored); }
};

struct Fp16Format : NativeFormat<float> {
  using Stored = std::uint16_t;
  using Output = std::uint16_t;
  static float decode(Stored bits) { return decoded<DType::fp16>()[bits]; }
  static Output encode(float total) { return encodeFp16(total); }
};

// An fp16 accumulator. Hardware does not say how it sums within one instruction, so this is our definition:
// 16 products are summed in fp32, in order, then added to the total in fp32, and the total is rounded to
// fp16.
struct Fp16HalfFormat : Fp16Format {
  static constexpr std::size_t depth = 16;
  static float add(float total, float sum) { return roundToFp16(total + sum); }
};

struct Bf16Format : NativeFormat<float> {
  using Stored = std::uint16_t;
  using Output = std::uint16_t;
  static float decode(Stored bits) { return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16); }
  static Output encode(float total) { return encodeBf16(total); }
};

template <DType dtype>
struct Fp8Format : Bf16Format {
  using Stored = std::uint8_t;
  static float decode(Stored bits) { return decoded<dtype>()[bits]; }
};

// A product of two int8 is at most 2^14, so sums of 1024 are exact in fp32, whatever their order; the totals
// are integers and wrap as the hardware's do.
struct Int8Format : NativeFormat<float> {
  using Stored = std::int8_t;
  using Total = std::uint32_t;
  using Output = std::int32_t;
  static constexpr std::size_t depth = 1024;
  static float decode(Stored stored) { return stored; }
  static Total add(Total total, float sum) {
    return total + static_cast<Total>(static_cast<std::int32_t>(sum));
  }
  static Output encode(Total total) { return static_cast<Output>(total); }
};

}  // namespace nameplate::cpu
