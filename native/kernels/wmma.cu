// GEMM on the tensor cores of Volta and Turing through nvcuda::wmma, the interface that both share; mma.cu
// has those from Ampere on.
//
// First set: right before fast; not yet run on a GPU.
//
// A block of four warps computes a 64 x 64 tile of C, each warp 32 x 32 of it, in steps of 64 bytes of K.
// Each step lies in shared memory as slices of one fragment's K, because load_matrix_sync wants every
// fragment to start on a 32-byte boundary, which 16 int8 values inside a longer row would not. Rows are
// padded by 16 bytes so that eight of them fall into different banks.
//
// NAMEPLATE_TARGET is the oldest architecture that the image is for, and decides which formats exist in it.
// It is not __CUDA_ARCH__: the image for Volta is compiled as Turing's where the toolkit no longer knows
// Volta.
//
// As compiled: 12 to 17 KiB of shared memory; 126 to 136 registers, int8 234.
#include <mma.h>

#include <type_traits>

#include "kernels/parameters.h"
#include "kernels/tile.h"

namespace nameplate {
namespace {

namespace wmma = nvcuda::wmma;

// Element is what memory holds; Input is wmma's name for what it multiplies; m, n, k are one fragment's.
template <typename ElementType, typename InputType, typename SumType, typename OutputType, int fragmentM,
          int fragmentN, int fragmentK>
struct Format {
  using Element = ElementType;
  using Input = InputType;
  using Sum = SumType;
  using Output = OutputType;
  static constexpr int m = fragmentM, n = fragmentN, k = fragmentK;
};

using Fp16 = Format<__half, __half, float, __half, 16, 16, 16>;
using Fp16Acc16 = Format<__half, __half, __half, __half, 16, 16, 16>;

#if NAMEPLATE_TARGET >= 75
using Int8 = Format<signed char, signed char, int, int, 16, 16, 16>;
#endif

// Rounds to nearest even, in the one place where a sum becomes an output.
template <typename Output, typename Sum>
__device__ __forceinline__ Output rounded(Sum sum) {
  if constexpr (std::is_same_v<Output, Sum>)
    return sum;
  else
    return __float2half_rn(sum);
}

constexpr unsigned warpTile = 32, lanes = 32;

template <typename Format>
__device__ __forceinline__ void gemm(const GemmParameters& p) {
  using Element = typename Format::Element;
  using Sum = typename Format::Sum;
  constexpr unsigned chunks = 4;  // of a row, per step
  constexpr unsigned sliceChunks = Format::k * sizeof(Element) / chunkBytes, slices = chunks / sliceChunks;
  constexpr unsigned stride = Format::k + chunkBytes / sizeof(Element);
  constexpr unsigned sumStride = wmmaTile.n + chunkBytes / sizeof(Sum);
  constexpr unsigned fragmentsM = warpTile / Format::m, fragmentsN = warpTile / Format::n;
  static_assert(wmmaTile.m == wmmaTile.n &&
                wmmaTile.m * wmmaTile.n / (warpTile * warpTile) * lanes == wmmaTile.threads);
  using Slice = Element[wmmaTile.m][stride];

  // The sums take the place of the operands when the last step is done.
  constexpr unsigned operandBytes = 2 * slices * sizeof(Slice);
  constexpr unsigned sumBytes = wmmaTile.m * sumStride * sizeof(Sum);
  alignas(128) __shared__ unsigned char memory[operandBytes > sumBytes ? operandBytes : sumBytes];
  auto* aTile = reinterpret_cast<Slice*>(memory);
  auto* bTile = aTile + slices;
  auto* sumTile = reinterpret_cast<Sum*>(memory);

  const Operand<Element> a(p.a, p.m, p.k, p.lda), b(p.b, p.n, p.k, p.ldb);
  const Corner at = corner<wmmaTile.m, wmmaTile.n>(p.m, p.n);
  const unsigned warp = threadIdx.x / lanes;
  const unsigned warpRow = warp / (wmmaTile.n / warpTile) * warpTile;
  const unsigned warpColumn = warp % (wmmaTile.n / warpTile) * warpTile;

  wmma::fragment<wmma::accumulator, Format::m, Format::n, Format::k, Sum> sum[fragmentsM][fragmentsN];
#pragma unroll
  for (unsigned i = 0; i < fragmentsM; ++i)
#pragma unroll
    for (unsigned j = 0; j < fragmentsN; ++j) wmma::fill_fragment(sum[i][j], Sum(0));

  for (unsigned long long k = 0; k < p.k; k += chunks * a.chunk) {
#pragma unroll
    for (unsigned i = threadIdx.x; i < wmmaTile.m * chunks; i += wmmaTile.threads) {
      const unsigned row = i / chunks, chunk = i % chunks;
      const unsigned slice = chunk / sliceChunks, column = chunk % sliceChunks * a.chunk;
      *reinterpret_cast<uint4*>(&aTile[slice][row][column]) = a.load(at.row + row, k + chunk * a.chunk);
      *reinterpret_cast<uint4*>(&bTile[slice][row][column]) = b.load(at.column + row, k + chunk * b.chunk);
    }
    __syncthreads();
#pragma unroll
    for (unsigned slice = 0; slice < slices; ++slice) {
      wmma::fragment<wmma::matrix_a, Format::m, Format::n, Format::k, typename Format::Input, wmma::row_major>
          x[fragmentsM];
      wmma::fragment<wmma::matrix_b, Format::m, Format::n, Format::k, typename Format::Input, wmma::col_major>
          y[fragmentsN];
#pragma unroll
      for (unsigned i = 0; i < fragmentsM; ++i) {
        wmma::load_matrix_sync(x[i], &aTile[slice][warpRow + i * Format::m][0], stride);
      }
#pragma unroll
      for (unsigned j = 0; j < fragmentsN; ++j) {
        wmma::load_matrix_sync(y[j], &bTile[slice][warpColumn + j * Format::n][0], stride);
      }
#pragma unroll
      for (unsigned i = 0; i < fragmentsM; ++i)
#pragma unroll
        for (unsigned j = 0; j < fragmentsN; ++j) wmma::mma_sync(sum[i][j], x[i], y[j], sum[i][j]);
    }
    __syncthreads();
  }

  // Which element of a fragment a thread holds is not documented, so the edges are cut after a detour through
  // shared memory.
#pragma unroll
  for (unsigned i = 0; i < fragmentsM; ++i)
#pragma unroll
    for (unsigned j = 0; j < fragmentsN; ++j)
      wmma::store_matrix_sync(sumTile + (warpRow + i * Format::m) * sumStride + warpColumn + j * Format::n,
                              sum[i][j], sumStride, wmma::mem_row_major);
  __syncthreads();
  auto* c = static_cast<typename Format::Output*>(p.c);
  for (unsigned i = threadIdx.x; i < wmmaTile.m * wmmaTile.n; i += wmmaTile.threads) {
    const unsigned row = i / wmmaTile.n, column = i % wmmaTile.n;
    if (at.row + row < p.m && at.column + column < p.n)
      c[(at.row + row) * p.ldc + at.column + column] =
          rounded<typename Format::Output>(sumTile[row * sumStride + column]);
  }
}

}  // namespace

extern "C" __global__ void __launch_bounds__(wmmaTile.threads) gemm_wmma_fp16(const GemmParameters p) {
  gemm<Fp16>(p);
}

extern "C" __global__ void __launch_bounds__(wmmaTile.threads) gemm_wmma_fp16_acc16(const GemmParameters p) {
  gemm<Fp16Acc16>(p);
}

#if NAMEPLATE_TARGET >= 75
extern "C" __global__ void __launch_bounds__(wmmaTile.threads) gemm_wmma_int8(const GemmParameters p) {
  gemm<Int8>(p);
}
#endif

}  // namespace nameplate
