// One thread block's tile of a product by mma.sync: mma.cu tells how, for all formats.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include "kernels/mma.h"
#include "kernels/mma_instruction.h"
#include "kernels/pipeline.h"

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

using bf16 = Format<Bf16, float, 4, 2, __nv_bfloat16>;
using fp16 = Format<Fp16, float, 4, 2, __half>;
using fp16_acc16 = Format<Fp16Acc16, unsigned, 2, 2, __half>;  // two of them in a word
using tf32 = Format<Tf32, float, 4, 4, float>;
using int8 = Format<Int8, int, 4, 1, int>;
using fp8e4m3 = Format<Fp8E4m3, float, 4, 1, __nv_bfloat16, true>;
using fp8e5m2 = Format<Fp8E5m2, float, 4, 1, __nv_bfloat16, true>;
using fp8e4m3_fast = Format<Fp8E4m3, float, 4, 1, __nv_bfloat16>;
using fp8e5m2_fast = Format<Fp8E5m2, float, 4, 1, __nv_bfloat16>;

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
using Layout = StageLayout<mmaChunks, mmaChunks>;

// Two rows lie in the 128 bytes that shared memory moves at once. Exchanged so, the chunks of equal number of
// eight rows, which ldmatrix reads together, lie in all its banks.
__device__ __forceinline__ unsigned placeOf(unsigned row, unsigned chunk) {
  return chunk ^ row / 2 % mmaChunks;
}

template <typename Kind, GemmTile tile, unsigned warpM, unsigned warpN>
struct Gemm {
  static constexpr unsigned countM = warpM / fragmentM, countN = warpN / fragmentN, warpsN = tile.n / warpN;
  static constexpr unsigned elements = slabBytes / Kind::elementBytes;
  static_assert(tile.m / warpM * warpsN * lanes == tile.threads && countN % 2 == 0);

  using Sums = typename Kind::Sums;

  static __device__ __forceinline__ void run(const GemmParameters& p) {
    const Corner at = corner<tile.m, tile.n>(p.m, p.n);
    const unsigned warp = threadIdx.x / lanes, lane = threadIdx.x % lanes;
    const unsigned row = warp / warpsN * warpM, column = warp % warpsN * warpN;
    // The row of a matrix that this lane tells ldmatrix of: of A the matrices lie below each other first, of
    // B beside each other in K.
    const unsigned rowOfA = row + lane % 16, rowOfB = column + lane / 16 * 8 + lane % 8;
    const unsigned atA = sharedStart() + (rowOfA * mmaChunks + placeOf(rowOfA, lane / 16)) * chunkBytes;
    const unsigned atB =
        sharedStart() + ((tile.m + rowOfB) * mmaChunks + placeOf(rowOfB, lane / 8 % 2)) * chunkBytes;

    Words<4> a[2][countM];
    Words<2> b[2][countN];
    Sums sum[countM][countN] = {};
    Sums partial[countM][countN] = {};
    unsigned done = 0;  // slabs

    Pipeline<Bits<Kind::elementBytes>, tile, Layout> pipeline(p, at, placeOf);
    pipeline.template runAhead<slabs>(
        [&](unsigned stage, unsigned slab, unsigned to) {
#pragma unroll
          for (unsigned i = 0; i < countM; ++i)
            loadMatrices(a[to][i],
                         ((atA + stage * chunkBytes) ^ slab * slabBytes) + i * fragmentM * rowBytes);
#pragma unroll
          for (unsigned j = 0; j < countN; j += 2) {
            Words<4> both;
            loadMatrices(both, ((atB + stage * chunkBytes) ^ slab * slabBytes) + j * fragmentN * rowBytes);
#pragma unroll
            for (unsigned e = 0; e < 4; ++e) b[to][j + e / 2][e % 2] = both[e];
          }
        },
        [&](unsigned from) {
#pragma unroll
          for (unsigned i = 0; i < countM; ++i)
#pragma unroll
            for (unsigned j = 0; j < countN; ++j)
              Kind::Instruction::multiplyAdd(Kind::promotes ? partial[i][j] : sum[i][j], a[from][i],
                                             b[from][j]);
          if constexpr (Kind::promotes)
            if (++done % (128 / elements) == 0) promote(sum, partial);
        });
    if constexpr (Kind::promotes) promote(sum, partial);
    store(p, at.row + row + lane / 4, at.column + column + lane % 4 * 2, sum);
  }

  static __device__ __forceinline__ void promote(Sums (&sum)[countM][countN],
                                                 Sums (&partial)[countM][countN]) {
#pragma unroll
    for (unsigned i = 0; i < countM; ++i)
#pragma unroll
      for (unsigned j = 0; j < countN; ++j)
#pragma unroll
        for (unsigned e = 0; e < std::extent_v<Sums>; ++e) {
          sum[i][j][e] += partial[i][j][e];
          partial[i][j][e] = 0;
        }
  }

  // `row` and `column` are those of this thread's first sum.
  static __device__ __forceinline__ void store(const GemmParameters& p, unsigned long long row,
                                               unsigned long long column, const Sums (&sum)[countM][countN]) {
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
};

}  // namespace
}  // namespace nameplate
