// GEMM over FP8 on tensor cores, through mma.sync.m16n8k32 written as PTX: wmma has no FP8. Output is bf16.
//
// First set: right before fast; not yet run on a GPU. Native (QMMA) on sm_89 and sm_120. On sm_90 and sm_100
// the assembler turns the instruction into conversions and an FP16 multiplication: right, but slow, and no
// measure of those devices, whose FP8 path is wgmma or tcgen05.
//
// The tensor core keeps fewer bits of an FP8 sum than fp32 has. The plain kernels therefore add its partial
// sums into separate fp32 registers every 128 elements of K; the `_fast` ones leave them where they are.
//
// A block of four warps computes a 64 x 64 tile of C, each warp 32 x 32 of it, in steps of 128 elements of K.
// Rows in shared memory are padded by 16 bytes, which puts the eight rows of a fragment into different banks.
//
// As compiled: 18 KiB of shared memory; 68 to 91 registers, 74 to 141 where the instruction is not native.
#include <cuda_bf16.h>

#include "kernels/parameters.h"
#include "kernels/tile.h"

namespace nameplate {
namespace {

// c += a b for one 16 x 8 fragment by the whole warp. With group = lane / 4 and member = lane % 4, a thread
// holds of A the rows group and group + 8, bytes 4 member to 4 member + 3 and the same 16 further on; of B
// the column group, the same bytes; of C the same rows, columns 2 member and 2 member + 1 (PTX ISA, "Matrix
// Fragments for mma.m16n8k32"). test/kernels/ puts an emulation in the instruction's place.
#ifdef __CUDACC__
#define NAMEPLATE_MMA(type)                                                           \
  asm volatile("mma.sync.aligned.m16n8k32.row.col.f32." type "." type                 \
               ".f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};" \
               : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])                       \
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]))
#else
#define NAMEPLATE_MMA(type) emulateMma(type, c, a, b)
#endif

struct E4m3 {
  static __device__ __forceinline__ void multiplyAdd(float (&c)[4], const unsigned (&a)[4],
                                                     const unsigned (&b)[2]) {
    NAMEPLATE_MMA("e4m3");
  }
};

struct E5m2 {
  static __device__ __forceinline__ void multiplyAdd(float (&c)[4], const unsigned (&a)[4],
                                                     const unsigned (&b)[2]) {
    NAMEPLATE_MMA("e5m2");
  }
};

constexpr unsigned warpTile = 32, fragmentM = 16, fragmentN = 8, fragmentK = 32;
constexpr unsigned fragmentsM = warpTile / fragmentM, fragmentsN = warpTile / fragmentN;
constexpr unsigned depth = 128;  // elements of K per step, and between promotions
constexpr unsigned stride = depth + chunkBytes;

template <typename Format, bool promotes>
__device__ __forceinline__ void gemm(const GemmParameters& p) {
  alignas(chunkBytes) __shared__ unsigned char aTile[mmaTile.m][stride];
  alignas(chunkBytes) __shared__ unsigned char bTile[mmaTile.n][stride];
  static_assert(mmaTile.m == mmaTile.n &&
                mmaTile.m * mmaTile.n / (warpTile * warpTile) * 32 == mmaTile.threads);

  const Operand<unsigned char> a(p.a, p.m, p.k, p.lda), b(p.b, p.n, p.k, p.ldb);
  const Corner at = corner<mmaTile.m, mmaTile.n>(p.m, p.n);
  const unsigned warp = threadIdx.x / 32, group = threadIdx.x % 32 / 4, member = threadIdx.x % 4;
  const unsigned warpRow = warp / (mmaTile.n / warpTile) * warpTile;
  const unsigned warpColumn = warp % (mmaTile.n / warpTile) * warpTile;
  const auto word = [](const unsigned char& from) { return *reinterpret_cast<const unsigned*>(&from); };

  float sum[fragmentsM][fragmentsN][4] = {};
  float partial[fragmentsM][fragmentsN][4] = {};
  for (unsigned long long k = 0; k < p.k; k += depth) {
    for (unsigned i = threadIdx.x; i < mmaTile.m * depth / chunkBytes; i += mmaTile.threads) {
      const unsigned row = i / (depth / chunkBytes), column = i % (depth / chunkBytes) * chunkBytes;
      *reinterpret_cast<uint4*>(&aTile[row][column]) = a.load(at.row + row, k + column);
      *reinterpret_cast<uint4*>(&bTile[row][column]) = b.load(at.column + row, k + column);
    }
    __syncthreads();
#pragma unroll
    for (unsigned inner = 0; inner < depth; inner += fragmentK) {
      unsigned x[fragmentsM][4], y[fragmentsN][2];
#pragma unroll
      for (unsigned i = 0; i < fragmentsM; ++i)
#pragma unroll
        for (unsigned r = 0; r < 4; ++r)
          x[i][r] = word(aTile[warpRow + i * fragmentM + group + r % 2 * 8][inner + member * 4 + r / 2 * 16]);
#pragma unroll
      for (unsigned j = 0; j < fragmentsN; ++j)
#pragma unroll
        for (unsigned r = 0; r < 2; ++r)
          y[j][r] = word(bTile[warpColumn + j * fragmentN + group][inner + member * 4 + r * 16]);
#pragma unroll
      for (unsigned i = 0; i < fragmentsM; ++i)
#pragma unroll
        for (unsigned j = 0; j < fragmentsN; ++j)
          Format::multiplyAdd(promotes ? partial[i][j] : sum[i][j], x[i], y[j]);
    }
    if constexpr (promotes) {
#pragma unroll
      for (unsigned i = 0; i < fragmentsM; ++i)
#pragma unroll
        for (unsigned j = 0; j < fragmentsN; ++j)
#pragma unroll
          for (unsigned r = 0; r < 4; ++r) {
            sum[i][j][r] += partial[i][j][r];
            partial[i][j][r] = 0;
          }
    }
    __syncthreads();
  }

  auto* c = static_cast<__nv_bfloat16*>(p.c);
#pragma unroll
  for (unsigned i = 0; i < fragmentsM; ++i)
#pragma unroll
    for (unsigned j = 0; j < fragmentsN; ++j)
#pragma unroll
      for (unsigned r = 0; r < 4; ++r) {
        const unsigned long long row = at.row + warpRow + i * fragmentM + group + r / 2 * 8;
        const unsigned long long column = at.column + warpColumn + j * fragmentN + member * 2 + r % 2;
        if (row < p.m && column < p.n) c[row * p.ldc + column] = __float2bfloat16_rn(sum[i][j][r]);
      }
}

}  // namespace

extern "C" __global__ void __launch_bounds__(mmaTile.threads) gemm_mma_fp8e4m3(const GemmParameters p) {
  gemm<E4m3, true>(p);
}

extern "C" __global__ void __launch_bounds__(mmaTile.threads) gemm_mma_fp8e4m3_fast(const GemmParameters p) {
  gemm<E4m3, false>(p);
}

extern "C" __global__ void __launch_bounds__(mmaTile.threads) gemm_mma_fp8e5m2(const GemmParameters p) {
  gemm<E5m2, true>(p);
}

extern "C" __global__ void __launch_bounds__(mmaTile.threads) gemm_mma_fp8e5m2_fast(const GemmParameters p) {
  gemm<E5m2, false>(p);
}

}  // namespace nameplate
