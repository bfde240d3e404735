// GEMM over fp16 on Volta's tensor cores, through nvcuda::wmma: their own mma.sync has fragments that no
// later device shares, and wmma has them right.
//
// Compiled and run by an emulation; not yet run on a GPU. The image is PTX for compute capability 7.0, which
// the driver compiles: toolkits that know Volta no longer come.
//
// A warp has 64 x 32 of C, or 32 x 32. Rows of 64 bytes of K lie in shared memory with 16 of padding, so that
// eight of them begin in different banks, and wait in registers for one of two stages while the other is
// multiplied (pipeline.h). Every fragment then starts on the 32-byte boundary that load_matrix_sync wants.
//
// As compiled for sm_75, from the same source (registers, none spilled):
//    tile     per warp  threads  shared memory  fp32 sums  fp16 sums
//    128x128  64 x 32   256      40 KiB         123        98
//    64x64    32 x 32   128      20 KiB         89         72
//
// The version before stored the rows of a step between two barriers, in 64x64 tiles alone.
//
// Predicted: 80 to 95 TFLOPS at 4096 on a V100 SXM2 (peak 125; cuBLAS is reported at 95).
#include <mma.h>

#include <type_traits>

#include "kernels/parameters.h"
#include "kernels/pipeline.h"
#include "kernels/tile.h"

namespace nameplate {
namespace {

namespace wmma = nvcuda::wmma;

constexpr unsigned lanes = 32, side = 16;  // of a fragment, in every direction
constexpr unsigned halves = chunkBytes / sizeof(__half);
using Layout = StageLayout<wmmaChunks, wmmaChunks + 1>;  // a chunk of padding
constexpr unsigned stride = Layout::stride * halves;

// 16 rows of 16 sums, on the way from a fragment, whose elements no document places, to C.
template <typename Sum>
struct Scratch {
  static constexpr unsigned stride = side + chunkBytes / sizeof(Sum);
  Sum rows[side][stride];
};

// A lane stores half of a row, where it is there.
template <typename Sum>
__device__ __forceinline__ void storeRows(const Scratch<Sum>& from, const GemmParameters& p,
                                          unsigned long long row, unsigned long long column) {
  const unsigned lane = threadIdx.x % lanes, first = lane % 2 * halves;
  row += lane / 2;
  column += first;
  if (row >= p.m || column >= p.n) return;
  alignas(chunkBytes) __half elements[halves];
#pragma unroll
  for (unsigned i = 0; i < halves; ++i) {
    if constexpr (std::is_same_v<Sum, __half>)
      elements[i] = from.rows[lane / 2][first + i];
    else
      elements[i] = __float2half_rn(from.rows[lane / 2][first + i]);
  }
  auto* const to = static_cast<__half*>(p.c) + row * p.ldc + column;
  if (p.n - column >= halves && alignedChunks<__half>(p.c, p.ldc)) {
    *reinterpret_cast<uint4*>(to) = *reinterpret_cast<const uint4*>(elements);
  } else {
#pragma unroll
    for (unsigned i = 0; i < halves; ++i)
      if (column + i < p.n) to[i] = elements[i];
  }
}

template <typename Sum, GemmTile tile, unsigned warpM, unsigned warpN>
__device__ __forceinline__ void gemm(const GemmParameters& p) {
  constexpr unsigned countM = warpM / side, countN = warpN / side, warpsN = tile.n / warpN;
  static_assert(tile.m / warpM * warpsN * lanes == tile.threads);
  static_assert(tile.threads / lanes * sizeof(Scratch<Sum>) <= tile.sharedBytes);

  const Corner at = corner<tile.m, tile.n>(p.m, p.n);
  const unsigned warp = threadIdx.x / lanes;
  const unsigned row = warp / warpsN * warpM, column = warp % warpsN * warpN;
  const auto* const memory = reinterpret_cast<const __half*>(dynamicShared());

  wmma::fragment<wmma::accumulator, side, side, side, Sum> sum[countM][countN];
#pragma unroll
  for (unsigned i = 0; i < countM; ++i)
#pragma unroll
    for (unsigned j = 0; j < countN; ++j) wmma::fill_fragment(sum[i][j], Sum(0));

  Pipeline<unsigned short, tile, Layout> pipeline(p, at, [](unsigned, unsigned chunk) { return chunk; });
  pipeline.run([&](unsigned stage, auto) {
#pragma unroll
    for (unsigned k = 0; k < wmmaChunks * halves; k += side) {
      wmma::fragment<wmma::matrix_a, side, side, side, __half, wmma::row_major> a[countM];
      wmma::fragment<wmma::matrix_b, side, side, side, __half, wmma::col_major> b[countN];
#pragma unroll
      for (unsigned i = 0; i < countM; ++i)
        wmma::load_matrix_sync(a[i], memory + stage * halves + (row + i * side) * stride + k, stride);
#pragma unroll
      for (unsigned j = 0; j < countN; ++j)
        wmma::load_matrix_sync(b[j], memory + stage * halves + (tile.m + column + j * side) * stride + k,
                               stride);
#pragma unroll
      for (unsigned i = 0; i < countM; ++i)
#pragma unroll
        for (unsigned j = 0; j < countN; ++j) wmma::mma_sync(sum[i][j], a[i], b[j], sum[i][j]);
    }
  });

  __syncthreads();  // the scratch lies where the last rows were read
  Scratch<Sum>& scratch = reinterpret_cast<Scratch<Sum>*>(dynamicShared())[warp];
#pragma unroll
  for (unsigned i = 0; i < countM; ++i)
#pragma unroll
    for (unsigned j = 0; j < countN; ++j) {
      wmma::store_matrix_sync(&scratch.rows[0][0], sum[i][j], Scratch<Sum>::stride, wmma::mem_row_major);
      __syncwarp();
      storeRows(scratch, p, at.row + row + i * side, at.column + column + j * side);
      __syncwarp();
    }
}

}  // namespace

#define NAMEPLATE_KERNEL(name, Sum, tileM, tileN, warpM, warpN)               \
  extern "C" __global__ void __launch_bounds__(wmma##tileM##x##tileN.threads) \
      gemm_wmma_##name##_##tileM##x##tileN(const GemmParameters p) {          \
    gemm<Sum, wmma##tileM##x##tileN, warpM, warpN>(p);                        \
  }

NAMEPLATE_KERNEL(fp16, float, 128, 128, 64, 32)
NAMEPLATE_KERNEL(fp16, float, 64, 64, 32, 32)
NAMEPLATE_KERNEL(fp16_acc16, __half, 128, 128, 64, 32)
NAMEPLATE_KERNEL(fp16_acc16, __half, 64, 64, 32, 32)

#undef NAMEPLATE_KERNEL

}  // namespace nameplate
