// GEMM over fp64 on tensor cores (DMMA), through mma.sync written as PTX: wmma has only the smaller shape.
//
// Hopper has m16n8k16, one instruction for what takes eight of m8n8k4 elsewhere, of the same elements.
//
// A step is 16 elements of K, rows of 128 bytes in shared memory. Half a warp reads 32 bytes of each of four
// rows at once; so the four quarters of a row are exchanged by its number modulo 4, which puts them into
// different banks. Three stages are filled by cp.async (pipeline.h).
// The version before was wmma's: m8n8k4 alone, 64x64 tiles, and rows stored between two barriers.
//
// As compiled (registers; none spilled):
//    tile     per warp  threads  shared memory  sm_80  sm_90  sm_100
//    128x128  64 x 32   256      96 KiB         206    237    198
//    128x64   32 x 32   256      72 KiB         140    168    134
//    64x64    32 x 32   128      48 KiB         146    168    137
//
// Predicted and not yet run on a GPU: 55 to 62 TFLOPS on an H100 (peak 66.9), 17 to 18.5 on an A100 (19.5): a
// warp waits 64 clocks for each DMMA and loads little, so what is lost is at the ends of K and of C.
#include "kernels/parameters.h"
#include "kernels/pipeline.h"
#include "kernels/tile.h"

namespace nameplate {
namespace {

// c += a b for one 16 x 8 fragment over 16 of K by the whole warp. With group = lane / 4 and member = lane %
// 4, a thread holds of A the rows group and group + 8, and of B the column group, in each slab of four
// elements of K the one of its member; of C the same rows, columns 2 member and 2 member + 1 (PTX ISA,
// "Matrix Fragments for mma.m8n8k4" and "for mma.m16n8k16", .f64). test/kernels/ puts an emulation in the
// instructions' place.
__device__ __forceinline__ void multiplyAdd(double (&c)[4], const double (&a)[8], const double (&b)[4]) {
#ifndef __CUDACC__
#if NAMEPLATE_TARGET == 90
  emulation::multiplyAddFp64(16, c, a, b);
#else
#pragma unroll
  for (unsigned slab = 0; slab < 4; ++slab) {
    emulation::multiplyAddFp64(8, c, a + 2 * slab, b + slab);
    emulation::multiplyAddFp64(8, c + 2, a + 2 * slab + 1, b + slab);
  }
#endif
#elif NAMEPLATE_TARGET == 90
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f64.f64.f64.f64 {%0, %1, %2, %3}, {%4, %5, %6, %7, %8, %9, %10, "
      "%11}, "
      "{%12, %13, %14, %15}, {%0, %1, %2, %3};"
      : "+d"(c[0]), "+d"(c[1]), "+d"(c[2]), "+d"(c[3])
      : "d"(a[0]), "d"(a[1]), "d"(a[2]), "d"(a[3]), "d"(a[4]), "d"(a[5]), "d"(a[6]), "d"(a[7]), "d"(b[0]),
        "d"(b[1]), "d"(b[2]), "d"(b[3]));
#else
#pragma unroll
  for (unsigned slab = 0; slab < 4; ++slab)
#pragma unroll
    for (unsigned half = 0; half < 2; ++half)
      asm volatile("mma.sync.aligned.m8n8k4.row.col.f64.f64.f64.f64 {%0, %1}, {%2}, {%3}, {%0, %1};"
                   : "+d"(c[2 * half]), "+d"(c[2 * half + 1])
                   : "d"(a[2 * slab + half]), "d"(b[slab]));
#endif
}

constexpr unsigned lanes = 32, fragmentM = 16, fragmentN = 8, slabs = 4, depth = dmmaChunks * 2;
using Layout = StageLayout<dmmaChunks, dmmaChunks>;

template <GemmTile tile, unsigned warpM, unsigned warpN>
__device__ __forceinline__ void gemm(const GemmParameters& p) {
  constexpr unsigned warpsN = tile.n / warpN, countM = warpM / fragmentM, countN = warpN / fragmentN;
  static_assert(tile.m / warpM * warpsN * lanes == tile.threads);

  const Corner at = corner<tile.m, tile.n>(p.m, p.n);
  const unsigned warp = threadIdx.x / lanes, group = threadIdx.x % lanes / 4, member = threadIdx.x % 4;
  const unsigned row = warp / warpsN * warpM + group, column = warp % warpsN * warpN + group;
  const auto* const memory = reinterpret_cast<const double*>(dynamicShared());
  const double *x[slabs], *y[slabs];
#pragma unroll
  for (unsigned slab = 0; slab < slabs; ++slab) {
    const unsigned within = (slab ^ group % slabs) * slabs + member;
    x[slab] = memory + row * depth + within;
    y[slab] = memory + (tile.m + column) * depth + within;
  }

  double sum[countM][countN][4] = {};
  Pipeline<double, tile, Layout> pipeline(p, at,
                                          [](unsigned r, unsigned chunk) { return chunk ^ r % slabs * 2; });
  pipeline.run([&](unsigned stage, auto) {
    const unsigned offset = stage * 2;
    double b[countN][slabs];
#pragma unroll
    for (unsigned j = 0; j < countN; ++j)
#pragma unroll
      for (unsigned e = 0; e < slabs; ++e) b[j][e] = y[e][offset + j * fragmentN * depth];
#pragma unroll
    for (unsigned i = 0; i < countM; ++i) {
      double a[2 * slabs];
#pragma unroll
      for (unsigned e = 0; e < 2 * slabs; ++e) a[e] = x[e / 2][offset + (i * fragmentM + e % 2 * 8) * depth];
#pragma unroll
      for (unsigned j = 0; j < countN; ++j) multiplyAdd(sum[i][j], a, b[j]);
    }
  });

  auto* c = static_cast<double*>(p.c);
#pragma unroll
  for (unsigned i = 0; i < countM; ++i)
#pragma unroll
    for (unsigned j = 0; j < countN; ++j)
#pragma unroll
      for (unsigned e = 0; e < 4; ++e) {
        const unsigned long long atRow = at.row + row + i * fragmentM + e / 2 * 8;
        const unsigned long long atColumn = at.column + column - group + j * fragmentN + member * 2 + e % 2;
        if (atRow < p.m && atColumn < p.n) c[atRow * p.ldc + atColumn] = sum[i][j][e];
      }
}

}  // namespace

// `blocks` are to fit on a multiprocessor together.
#define NAMEPLATE_KERNEL(tileM, tileN, warpM, warpN, blocks)                          \
  extern "C" __global__ void __launch_bounds__(dmma##tileM##x##tileN.threads, blocks) \
      gemm_dmma_fp64_##tileM##x##tileN(const GemmParameters p) {                      \
    gemm<dmma##tileM##x##tileN, warpM, warpN>(p);                                     \
  }

NAMEPLATE_KERNEL(128, 128, 64, 32, 1)
NAMEPLATE_KERNEL(128, 64, 32, 32, 1)
NAMEPLATE_KERNEL(64, 64, 32, 32, 2)

#undef NAMEPLATE_KERNEL

}  // namespace nameplate
