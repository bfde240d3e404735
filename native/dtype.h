// The number formats: one row each, with exact conversion to and from double.
//
// Every rounding in the house happens here and is round-to-nearest-even, so that "the inputs as the device
// sees them" means one thing to the CPU backend, to the reference and to the data generator. A hand-written
// conversion per format would be four chances to disagree about subnormals, saturation and NaN.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <span>
#include <string_view>

namespace nameplate {

enum class DType : std::uint8_t { fp64, fp32, tf32, fp16, bf16, fp8e4m3, fp8e5m2, int8, int32 };

struct DTypeRow {
  DType dtype;
  std::string_view name;
  std::size_t bytes;  // storage; tf32 lives in a 32-bit word whose low 13 mantissa bits are zero
  int exponentBits;   // 0 for integers
  int mantissaBits;   // stored bits, without the hidden one
  bool hasInfinity;   // e4m3 spends the infinity encodings on numbers: its largest is 448 (OCP FP8, 2023)
  DType output;       // what a GEMM over this format writes
  std::string_view accumulator;
};

inline constexpr std::array<DTypeRow, 9> dtypes{{
    {DType::fp64, "fp64", 8, 11, 52, true, DType::fp64, "fp64"},
    {DType::fp32, "fp32", 4, 8, 23, true, DType::fp32, "fp32"},
    {DType::tf32, "tf32", 4, 8, 10, true, DType::fp32, "fp32"},
    {DType::fp16, "fp16", 2, 5, 10, true, DType::fp16, "fp32"},
    {DType::bf16, "bf16", 2, 8, 7, true, DType::bf16, "fp32"},
    {DType::fp8e4m3, "fp8e4m3", 1, 4, 3, false, DType::bf16, "fp32"},
    {DType::fp8e5m2, "fp8e5m2", 1, 5, 2, true, DType::bf16, "fp32"},
    {DType::int8, "int8", 1, 0, 7, false, DType::int32, "int32"},
    {DType::int32, "int32", 4, 0, 31, false, DType::int32, "int32"},
}};

// Those that are multiplied: all but int32, which a product of int8 gives.
inline constexpr std::span<const DTypeRow> factors = std::span(dtypes).first<dtypes.size() - 1>();
static_assert(dtypes.back().dtype == DType::int32);

constexpr const DTypeRow& row(DType dtype) {
  return dtypes[static_cast<std::size_t>(dtype)];
}

constexpr std::optional<DType> dtypeNamed(std::string_view name) {
  for (const DTypeRow& candidate : dtypes)
    if (candidate.name == name) return candidate.dtype;
  return std::nullopt;
}

// The bits of `value` in a format of at most 16 bits. Numbers too large become infinity, or in e4m3, which
// has none, the largest finite number (what NVIDIA's cvt.satfinite does).
inline std::uint16_t encodeSmallFloat(const DTypeRow& format, double value) {
  const int mantissa = format.mantissaBits;
  const int bias = (1 << (format.exponentBits - 1)) - 1;
  const auto sign =
      static_cast<std::uint16_t>(std::signbit(value) ? 1u << (mantissa + format.exponentBits) : 0u);
  const auto infinity = static_cast<std::uint16_t>(((1u << format.exponentBits) - 1) << mantissa);
  const auto largest =
      static_cast<std::uint16_t>(format.hasInfinity ? infinity : infinity + (1u << mantissa) - 2);
  if (std::isnan(value)) return static_cast<std::uint16_t>(sign | infinity | ((1u << mantissa) - 1));
  const double magnitude = std::fabs(value);
  if (magnitude == 0) return sign;
  if (std::isinf(magnitude)) return static_cast<std::uint16_t>(sign | largest);
  // Count in units of the last place, subnormals included: nearbyint is the one rounding (ties to even).
  const int exponent = std::max(std::ilogb(magnitude), 1 - bias);
  const double units = std::nearbyint(std::ldexp(magnitude, mantissa - exponent));
  // A carry out of the mantissa lands in the exponent field, which is what the addition does by itself.
  const double bits = std::ldexp(static_cast<double>(exponent + bias - 1), mantissa) + units;
  return static_cast<std::uint16_t>(sign | (bits > largest ? largest : static_cast<std::uint16_t>(bits)));
}

inline double decodeSmallFloat(const DTypeRow& format, std::uint16_t bits) {
  const int mantissa = format.mantissaBits;
  const int bias = (1 << (format.exponentBits - 1)) - 1;
  const int exponentField = (bits >> mantissa) & ((1 << format.exponentBits) - 1);
  const int mantissaField = bits & ((1 << mantissa) - 1);
  const bool negative = (bits >> (mantissa + format.exponentBits)) & 1;
  const bool top = exponentField == (1 << format.exponentBits) - 1;
  double magnitude;
  if (top && format.hasInfinity) {
    magnitude = mantissaField == 0 ? std::numeric_limits<double>::infinity()
                                   : std::numeric_limits<double>::quiet_NaN();
  } else if (top && mantissaField == (1 << mantissa) - 1) {
    magnitude = std::numeric_limits<double>::quiet_NaN();
  } else if (exponentField == 0) {
    magnitude = std::ldexp(mantissaField, 1 - bias - mantissa);
  } else {
    magnitude = std::ldexp(mantissaField + (1 << mantissa), exponentField - bias - mantissa);
  }
  return negative ? -magnitude : magnitude;
}

// fp32 rounded to the 10 mantissa bits that a tensor core reads.
inline float roundToTf32(float value) {
  auto bits = std::bit_cast<std::uint32_t>(value);
  if ((bits & 0x7f800000u) == 0x7f800000u) return value;
  bits += 0xfffu + ((bits >> 13) & 1u);
  return std::bit_cast<float>(bits & ~0x1fffu);
}

// Element `index` of an array of `dtype` at `data`.
inline double load(DType dtype, const void* data, std::size_t index) {
  const DTypeRow& format = row(dtype);
  const auto* at = static_cast<const std::byte*>(data) + index * format.bytes;
  const auto as = [at]<typename T>(T value) {
    std::memcpy(&value, at, sizeof value);
    return value;
  };
  switch (dtype) {
    case DType::fp64:
      return as(double{});
    case DType::fp32:
      return as(float{});
    case DType::tf32:
      return roundToTf32(as(float{}));
    case DType::int32:
      return as(std::int32_t{});
    case DType::int8:
      return as(std::int8_t{});
    case DType::fp16:
    case DType::bf16:
      return decodeSmallFloat(format, as(std::uint16_t{}));
    case DType::fp8e4m3:
    case DType::fp8e5m2:
      return decodeSmallFloat(format, as(std::uint8_t{}));
  }
  return 0;
}

// Rounds `value` into element `index`. Integers saturate.
inline void store(DType dtype, void* data, std::size_t index, double value) {
  const DTypeRow& format = row(dtype);
  auto* at = static_cast<std::byte*>(data) + index * format.bytes;
  const auto put = [at](auto stored) { std::memcpy(at, &stored, sizeof stored); };
  const auto integer = [value]<typename T>(T) {
    const double low = std::numeric_limits<T>::min(), high = std::numeric_limits<T>::max();
    return static_cast<T>(std::isnan(value) ? 0 : std::nearbyint(std::fmin(std::fmax(value, low), high)));
  };
  switch (dtype) {
    case DType::fp64:
      return put(value);
    case DType::fp32:
      return put(static_cast<float>(value));
    case DType::tf32:
      return put(roundToTf32(static_cast<float>(value)));
    case DType::int32:
      return put(integer(std::int32_t{}));
    case DType::int8:
      return put(integer(std::int8_t{}));
    case DType::fp16:
    case DType::bf16:
      return put(encodeSmallFloat(format, value));
    case DType::fp8e4m3:
    case DType::fp8e5m2:
      return put(static_cast<std::uint8_t>(encodeSmallFloat(format, value)));
  }
}

}  // namespace nameplate
