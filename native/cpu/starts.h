// What the sums of a row start from, where b is packed as another number than it is. See tile_kernel.h, which
// defines NAMEPLATE_TARGET.
#pragma once

#include <cstddef>
#include <cstdint>

namespace nameplate::cpu {
namespace {

// An instruction that multiplies uint8 by int8 is given b + 128 (see tileOf), and the sums of a row start
// from -128 times the sum of a's.
template <class Arithmetic>
NAMEPLATE_TARGET void startFromMinus128(std::size_t rows, std::size_t depth, const std::byte* a,
                                        std::size_t stride, std::uint32_t* starts) {
  using Vector = typename Arithmetic::Vector;
  constexpr std::size_t lanes = sizeof(Vector) / sizeof(std::uint32_t);
  const Vector all128 = Vector{} + 0x80808080u;
  for (std::size_t row = 0; row < rows; ++row) {
    const std::byte* const from = a + row * stride;
    Vector sums = {}, units;
    std::size_t step = 0;
    for (; step + lanes <= depth; step += lanes) {
      __builtin_memcpy(&units, from + step * sizeof(std::uint32_t), sizeof units);
      sums = Arithmetic::multiplyAdd(sums, units, all128);
    }
    units = Vector{};
    __builtin_memcpy(&units, from + step * sizeof(std::uint32_t), (depth - step) * sizeof(std::uint32_t));
    sums = Arithmetic::multiplyAdd(sums, units, all128);
    typedef std::uint32_t Four __attribute__((vector_size(16)));
    Four quarters[sizeof sums / sizeof(Four)], sum = {};
    __builtin_memcpy(quarters, &sums, sizeof sums);
    for (const Four& quarter : quarters) sum += quarter;
    starts[row] = -(sum[0] + sum[1] + sum[2] + sum[3]);
  }
}

}  // namespace
}  // namespace nameplate::cpu
