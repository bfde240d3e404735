// GEMM on the ordinary arithmetic units: FFMA for fp32, DFMA for fp64, DP4A for int8. Every device has them.
//
// On sm_86 and later, sm_90 among them, a multiprocessor issues one FFMA per clock and quarter, and nothing
// beside it, so every other instruction in the inner loop is rate lost. Hence:
//  - A and B are both K-major, and stay so in shared memory: rows of 64 bytes of K, and 16 of padding, which
//    put what eight lanes read at once into different banks. A 16-byte load then brings four values of K.
//  - A thread has 16 x 8 of C: 24 such loads feed 512 FFMA. Lanes are so numbered that neighbours share a
//    column and every other lane a row: what they read twice is then to be had in one pass.
//  - The rows come by the pipeline of pipeline.h, which costs no stores of ours.
// On sm_70 to sm_80, and for fp64 and int8, the units take two clocks and more for an instruction of a warp,
// which hides all else.
//
// As compiled: shared memory (from sm_80 on, and before), registers (none spilled), and the share of FFMA in
// the inner loop:
//    tile     per thread  threads  KiB     sm_75  sm_80       sm_90       sm_120
//    128x256  16 x 8      256      60, 36  254    249 92.9 %  249 92.5 %  255 94.2 %
//    128x128  16 x 8      128      40             250 92.6 %  250 92.3 %  255 93.8 %
//    64x64     8 x 4      128      40, 12  114    110 85.6 %  110 85.5 %  128 87.1 %
// fp64 takes 142 to 168 registers, int8 114 to 128.
//
// The version before had 4 x 4 of C for a thread, so that two loads fed 16 FFMA, and its threads stored the
// rows of a step between two barriers.
//
// Predicted and not yet run on a GPU: 88 % of peak at the clock held with 128x256, which is 56 to 58 TFLOPS
// on an H100 at its boost clock (cuBLAS is reported at 52). If it misses, look first at the hit rate of the
// instruction cache: the loop is 35 KB.
#include "kernels/parameters.h"
#include "kernels/pipeline.h"
#include "kernels/tile.h"

namespace nameplate {
namespace {

// Element is what memory holds, Word what one multiply-add consumes: one number, or four packed int8.
struct Fp32 {
  using Element = float;
  using Word = float;
  using Sum = float;
  static __device__ __forceinline__ float multiplyAdd(float a, float b, float sum) { return fmaf(a, b, sum); }
};

struct Fp64 {
  using Element = double;
  using Word = double;
  using Sum = double;
  static __device__ __forceinline__ double multiplyAdd(double a, double b, double sum) {
    return fma(a, b, sum);
  }
};

struct Int8 {
  using Element = signed char;
  using Word = int;
  using Sum = int;
  static __device__ __forceinline__ int multiplyAdd(int a, int b, int sum) { return __dp4a(a, b, sum); }
};

constexpr unsigned lanes = 32, lanesM = 4, lanesN = lanes / lanesM;
constexpr unsigned chunks = async ? simtChunks : simtChunks / 2;
using Layout = StageLayout<chunks, chunks + 1>;  // a chunk of padding

template <typename Format, GemmTile tile, unsigned threadM, unsigned threadN>
__device__ __forceinline__ void gemm(const GemmParameters& p) {
  using Word = typename Format::Word;
  constexpr unsigned words = chunkBytes / sizeof(Word);
  constexpr unsigned warpM = lanesM * threadM, warpN = lanesN * threadN, warpsN = tile.n / warpN;
  static_assert(tile.m / warpM * warpsN * lanes == tile.threads);

  const Corner at = corner<tile.m, tile.n>(p.m, p.n);
  const unsigned warp = threadIdx.x / lanes, lane = threadIdx.x % lanes;
  const unsigned row = warp / warpsN * warpM + lane / 16 * 2 + lane % 2;
  const unsigned column = warp % warpsN * warpN + lane % 16 / 2;
  const uint4* const x = dynamicShared() + row * Layout::stride;
  const uint4* const y = dynamicShared() + (tile.m + column) * Layout::stride;

  typename Format::Sum sum[threadM][threadN] = {};
  Pipeline<typename Format::Element, tile, Layout> pipeline(p, at,
                                                            [](unsigned, unsigned chunk) { return chunk; });
  pipeline.run([&](unsigned stage, [[maybe_unused]] auto whole) {
#pragma unroll(decltype(whole)::value ? chunks : 1)
    for (unsigned chunk = 0; chunk < chunks; ++chunk) {
      Word b[threadN][words];
#pragma unroll
      for (unsigned j = 0; j < threadN; ++j)
        std::memcpy(b[j], y + stage + chunk + j * lanesN * Layout::stride, chunkBytes);
#pragma unroll
      for (unsigned i = 0; i < threadM; ++i) {
        Word a[words];
        std::memcpy(a, x + stage + chunk + i * lanesM * Layout::stride, chunkBytes);
#pragma unroll
        for (unsigned w = 0; w < words; ++w)
#pragma unroll
          for (unsigned j = 0; j < threadN; ++j) sum[i][j] = Format::multiplyAdd(a[w], b[j][w], sum[i][j]);
      }
    }
  });

  auto* c = static_cast<typename Format::Sum*>(p.c);
#pragma unroll
  for (unsigned i = 0; i < threadM; ++i)
#pragma unroll
    for (unsigned j = 0; j < threadN; ++j)
      if (at.row + row + i * lanesM < p.m && at.column + column + j * lanesN < p.n)
        c[(at.row + row + i * lanesM) * p.ldc + at.column + column + j * lanesN] = sum[i][j];
}

}  // namespace

// `blocks` are to fit on a multiprocessor together.
#define NAMEPLATE_KERNEL(format, Format, tileM, tileN, threadM, threadN, blocks)      \
  extern "C" __global__ void __launch_bounds__(simt##tileM##x##tileN.threads, blocks) \
      gemm_simt_##format##_##tileM##x##tileN(const GemmParameters p) {                \
    gemm<Format, simt##tileM##x##tileN, threadM, threadN>(p);                         \
  }

NAMEPLATE_KERNEL(fp32, Fp32, 128, 256, 16, 8, 1)
NAMEPLATE_KERNEL(fp32, Fp32, 64, 64, 8, 4, 3)
// These units take two clocks and more for an instruction of a warp, which hides all else, so one tile
// serves.
NAMEPLATE_KERNEL(fp64, Fp64, 64, 64, 8, 4, 2)
NAMEPLATE_KERNEL(int8, Int8, 64, 64, 8, 4, 3)
#if NAMEPLATE_TARGET >= 80
NAMEPLATE_KERNEL(fp32, Fp32, 128, 128, 16, 8, 2)
#endif

#undef NAMEPLATE_KERNEL

}  // namespace nameplate
