// Stands in for native/kernels/sparse_wgmma_instruction.h.
#pragma once

#include "machine.h"

namespace nameplate::hopper {

template <machine::Input input, typename Sum>
struct SparseMultiply {
  template <unsigned selector, unsigned count>
  static void multiplyAdd(Sum (&d)[count], unsigned long long a, unsigned long long b, bool accumulate,
                          const unsigned& metadata) {
    constexpr unsigned columns = count * 2;
    static_assert(columns == 64 || columns == 128 || columns == 192 || columns == 256);
    machine::multiply(input, columns, d, a, b, accumulate, &metadata, selector);
  }
};

using SparseBf16 = SparseMultiply<machine::Input::bf16, float>;
using SparseFp16 = SparseMultiply<machine::Input::fp16, float>;
using SparseTf32 = SparseMultiply<machine::Input::tf32, float>;
using SparseInt8 = SparseMultiply<machine::Input::int8, int>;
using SparseFp8E4m3 = SparseMultiply<machine::Input::e4m3, float>;

}  // namespace nameplate::hopper
