// The formats of the kernels of mma.sync, how rows lie in shared memory for ldmatrix, and how a warp's sums
// become C.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <type_traits>

#include "kernels/mma.h"
#include "kernels/mma_instruction.h"

namespace nameplate {
namespace {

// `promotes`: every 128 elements of K the sums of FP8 are added to others in fp32, because the tensor core
// keeps fewer bits of them.
template <typename InstructionType, typename SumType, unsigned sumsOfFragment, unsigned bytes,
          typename OutputType, bool promoted = false>
struct Format {
  using Instruction = InstructionType;
  using Sum = SumType;
  using Sums = SumType[sumsOfFragment];
  using Output = OutputType;
  static constexpr unsigned elementBytes = bytes;
  static constexpr bool promotes = promoted;
};

using fp16 = Format<Fp16, float, 4, 2, __half>;
using fp16_acc16 = Format<Fp16Acc16, unsigned, 2, 2, __half>;  // two of them in a word
using int8 = Format<Int8, int, 4, 1, int>;
#if NAMEPLATE_TARGET >= 80
using bf16 = Format<Bf16, float, 4, 2, __nv_bfloat16>;
using tf32 = Format<Tf32, float, 4, 4, float>;
using fp8e4m3 = Format<Fp8E4m3, float, 4, 1, __nv_bfloat16, true>;
using fp8e5m2 = Format<Fp8E5m2, float, 4, 1, __nv_bfloat16, true>;
using fp8e4m3_fast = Format<Fp8E4m3, float, 4, 1, __nv_bfloat16>;
using fp8e5m2_fast = Format<Fp8E5m2, float, 4, 1, __nv_bfloat16>;
#endif

// What a pipeline needs to know of an element.
template <unsigned bytes>
using Bits =
    std::conditional_t<bytes == 1, unsigned char, std::conditional_t<bytes == 2, unsigned short, unsigned>>;

// Two neighbours in a row of C.
template <typename Kind>
struct alignas(2 * sizeof(typename Kind::Output)) Pair {
  typename Kind::Output elements[2];

  // Of row `half` of the two that a thread holds of a fragment.
  __device__ __forceinline__ Pair(const typename Kind::Sums& sums, unsigned half) {
    if constexpr (std::extent_v<typename Kind::Sums> == 2) {
      std::memcpy(elements, sums + half, sizeof elements);
    } else {
      elements[0] = rounded(sums[2 * half]);
      elements[1] = rounded(sums[2 * half + 1]);
    }
  }

  // `whole`: both are there, and at a boundary of their size.
  __device__ __forceinline__ void store(typename Kind::Output* at, bool whole, bool second) const {
    if (whole) {
      *reinterpret_cast<Pair*>(at) = *this;
    } else {
      at[0] = elements[0];
      if (second) at[1] = elements[1];
    }
  }

 private:
  static __device__ __forceinline__ typename Kind::Output rounded(typename Kind::Sum sum) {
    if constexpr (std::is_same_v<typename Kind::Output, __nv_bfloat16>)
      return __float2bfloat16_rn(sum);
    else if constexpr (std::is_same_v<typename Kind::Output, __half>)
      return __float2half_rn(sum);
    else
      return sum;
  }
};

constexpr unsigned lanes = 32, fragmentM = 16, fragmentN = 8,
                   slabBytes = 32;  // of K, that one multiply takes
constexpr unsigned rowBytes = mmaChunks * chunkBytes, slabs = rowBytes / slabBytes;

// Two rows lie in the 128 bytes that shared memory moves at once. Exchanged so, the chunks of equal number of
// eight rows, which ldmatrix reads together, lie in all its banks.
__device__ __forceinline__ unsigned placeOf(unsigned row, unsigned chunk) {
  return chunk ^ row / 2 % mmaChunks;
}

// Stores what a warp has of C: `row` and `column` are those of this thread's first sum.
template <typename Kind, unsigned countM, unsigned countN>
__device__ __forceinline__ void storeSums(const GemmParameters& p, unsigned long long row,
                                          unsigned long long column,
                                          const typename Kind::Sums (&sum)[countM][countN]) {
  using Output = typename Kind::Output;
  auto* const c = static_cast<Output*>(p.c);
  const bool paired =
      (reinterpret_cast<unsigned long long>(c) | p.ldc * sizeof(Output)) % (2 * sizeof(Output)) == 0;
#pragma unroll
  for (unsigned i = 0; i < countM; ++i)
#pragma unroll
    for (unsigned half = 0; half < 2; ++half) {
      const unsigned long long atRow = row + i * fragmentM + half * 8;
      if (atRow >= p.m) continue;
#pragma unroll
      for (unsigned j = 0; j < countN; ++j) {
        const unsigned long long atColumn = column + j * fragmentN;
        if (atColumn >= p.n) continue;
        const bool second = atColumn + 1 < p.n;
        Pair<Kind>(sum[i][j], half).store(c + atRow * p.ldc + atColumn, paired && second, second);
      }
    }
}

}  // namespace
}  // namespace nameplate
