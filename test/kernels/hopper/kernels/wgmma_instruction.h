// Stands in for native/kernels/wgmma_instruction.h.
#pragma once

#include "machine.h"

namespace nameplate::hopper {

template <machine::Input input, typename Sum, unsigned perEight>
struct Multiply {
  template <unsigned count>
  static void multiplyAdd(Sum (&d)[count], unsigned long long a, unsigned long long b, bool accumulate) {
    constexpr unsigned columns = count / perEight * 8;
    static_assert(columns == 64 || columns == 128 || columns == 192 || columns == 256);
    machine::multiply(input, columns, d, a, b, accumulate);
  }
};

using Bf16 = Multiply<machine::Input::bf16, float, 4>;
using Fp16 = Multiply<machine::Input::fp16, float, 4>;
using Fp16Acc16 = Multiply<machine::Input::fp16Acc16, unsigned, 2>;
using Tf32 = Multiply<machine::Input::tf32, float, 4>;
using Int8 = Multiply<machine::Input::int8, int, 4>;
using Fp8E4m3 = Multiply<machine::Input::e4m3, float, 4>;
using Fp8E5m2 = Multiply<machine::Input::e5m2, float, 4>;

}  // namespace nameplate::hopper
