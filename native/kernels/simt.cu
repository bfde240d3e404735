// GEMM on the ordinary arithmetic units: FFMA for fp32, DFMA for fp64, DP4A for int8. Every device has them,
// so these are the kernels of last resort and the yardstick for the tensor-core ones.
//
// First set: right before fast; not yet run on a GPU.
//
// A block of 256 threads computes a 64 x 64 tile of C, each thread 4 x 4 of it, in steps of 64 bytes of K. In
// shared memory K runs down the rows, so that the four values a thread needs lie side by side; the pad keeps
// them on 16-byte boundaries.
//
// As compiled: 8.5 KiB of shared memory; 41 to 61 registers, fp64 70 to 108.
#include "kernels/parameters.h"
#include "kernels/tile.h"

namespace nameplate {
namespace {

// Element is what memory holds, Word what one multiply-add consumes: one number, or four packed int8.
struct Fp32 {
  using Element = float;
  using Word = float;
  using Sum = float;
  static __device__ float multiplyAdd(float a, float b, float sum) { return fmaf(a, b, sum); }
};

struct Fp64 {
  using Element = double;
  using Word = double;
  using Sum = double;
  static __device__ double multiplyAdd(double a, double b, double sum) { return fma(a, b, sum); }
};

struct Int8 {
  using Element = signed char;
  using Word = int;
  using Sum = int;
  static __device__ int multiplyAdd(int a, int b, int sum) { return __dp4a(a, b, sum); }
};

constexpr unsigned perThread = 4;  // rows and columns of C

template <typename Format>
__device__ __forceinline__ void gemm(const GemmParameters& p) {
  using Element = typename Format::Element;
  using Word = typename Format::Word;
  constexpr unsigned chunks = 4;  // of a row, per step
  constexpr unsigned wordsPerChunk = chunkBytes / sizeof(Word);
  constexpr unsigned depth = chunks * wordsPerChunk;  // words
  constexpr unsigned pad = chunkBytes / sizeof(Word);
  static_assert(simtTile.m * chunks == simtTile.threads && simtTile.n == simtTile.m, "one chunk per thread");
  alignas(chunkBytes) __shared__ Word aTile[depth][simtTile.m + pad];
  alignas(chunkBytes) __shared__ Word bTile[depth][simtTile.n + pad];

  const Operand<Element> a(p.a, p.m, p.k, p.lda), b(p.b, p.n, p.k, p.ldb);
  const Corner at = corner<simtTile.m, simtTile.n>(p.n);
  const unsigned loadRow = threadIdx.x / chunks, loadChunk = threadIdx.x % chunks;
  const unsigned row = threadIdx.x / (simtTile.n / perThread) * perThread;
  const unsigned column = threadIdx.x % (simtTile.n / perThread) * perThread;

  typename Format::Sum sum[perThread][perThread] = {};
  for (unsigned long long k = 0; k < p.k; k += chunks * a.chunk) {
    const uint4 aBits = a.load(at.row + loadRow, k + loadChunk * a.chunk);
    const uint4 bBits = b.load(at.column + loadRow, k + loadChunk * b.chunk);
    Word aWords[wordsPerChunk], bWords[wordsPerChunk];
    std::memcpy(aWords, &aBits, chunkBytes);
    std::memcpy(bWords, &bBits, chunkBytes);
#pragma unroll
    for (unsigned i = 0; i < wordsPerChunk; ++i) {
      aTile[loadChunk * wordsPerChunk + i][loadRow] = aWords[i];
      bTile[loadChunk * wordsPerChunk + i][loadRow] = bWords[i];
    }
    __syncthreads();
#pragma unroll
    for (unsigned w = 0; w < depth; ++w) {
      Word x[perThread], y[perThread];
#pragma unroll
      for (unsigned i = 0; i < perThread; ++i) {
        x[i] = aTile[w][row + i];
        y[i] = bTile[w][column + i];
      }
#pragma unroll
      for (unsigned i = 0; i < perThread; ++i)
#pragma unroll
        for (unsigned j = 0; j < perThread; ++j) sum[i][j] = Format::multiplyAdd(x[i], y[j], sum[i][j]);
    }
    __syncthreads();
  }

  auto* c = static_cast<typename Format::Sum*>(p.c);
#pragma unroll
  for (unsigned i = 0; i < perThread; ++i)
#pragma unroll
    for (unsigned j = 0; j < perThread; ++j)
      if (at.row + row + i < p.m && at.column + column + j < p.n)
        c[(at.row + row + i) * p.ldc + at.column + column + j] = sum[i][j];
}

}  // namespace

extern "C" __global__ void __launch_bounds__(simtTile.threads) gemm_simt_fp32(const GemmParameters p) {
  gemm<Fp32>(p);
}

extern "C" __global__ void __launch_bounds__(simtTile.threads, 2) gemm_simt_fp64(const GemmParameters p) {
  gemm<Fp64>(p);
}

extern "C" __global__ void __launch_bounds__(simtTile.threads) gemm_simt_int8(const GemmParameters p) {
  gemm<Int8>(p);
}

}  // namespace nameplate
