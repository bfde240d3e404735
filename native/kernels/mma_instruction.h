// mma.sync as one function of each format, and ldmatrix, which brings what it multiplies.
//
// multiplyAdd(c, a, b): c += a b for 16 x 8 of C over 32 bytes of K, by the whole warp. Counted in bytes,
// every format has its operands in the same places. With group = lane / 4 and member = lane % 4, a thread
// holds of A the rows group and group + 8, bytes 4 member to 4 member + 3, and the same 16 further on; of B
// the column group, the same bytes; of C the same rows, columns 2 member and the next, or both in one word as
// two fp16 (PTX ISA, "Matrix Fragments for mma.m16n8k16", "m16n8k8" and "m16n8k32"). test/kernels/ puts an
// emulation in the instructions' place.
#pragma once

#include "kernels/async_copy.h"

namespace nameplate {
namespace {

template <unsigned count>
using Words = unsigned[count];

#ifdef __CUDACC__
#define NAMEPLATE_MMA(shape, types, constraint)                                         \
  asm volatile("mma.sync.aligned." shape ".row.col." types                              \
               " {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"       \
               : constraint(c[0]), constraint(c[1]), constraint(c[2]), constraint(c[3]) \
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]))
#define NAMEPLATE_MMA_PAIRS(shape, types)                         \
  asm volatile("mma.sync.aligned." shape ".row.col." types        \
               " {%0, %1}, {%2, %3, %4, %5}, {%6, %7}, {%0, %1};" \
               : "+r"(c[0]), "+r"(c[1])                           \
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]))
#else
#define NAMEPLATE_MMA(shape, types, constraint) emulation::multiplyAdd(types, c, a, b)
#define NAMEPLATE_MMA_PAIRS(shape, types) emulation::multiplyAdd(types, c, a, b)
#endif

#if NAMEPLATE_TARGET >= 80
struct Bf16 {
  static __device__ __forceinline__ void multiplyAdd(float (&c)[4], const Words<4>& a, const Words<2>& b) {
    NAMEPLATE_MMA("m16n8k16", "f32.bf16.bf16.f32", "+f");
  }
};
struct Fp16 {
  static __device__ __forceinline__ void multiplyAdd(float (&c)[4], const Words<4>& a, const Words<2>& b) {
    NAMEPLATE_MMA("m16n8k16", "f32.f16.f16.f32", "+f");
  }
};
struct Fp16Acc16 {
  static __device__ __forceinline__ void multiplyAdd(Words<2>& c, const Words<4>& a, const Words<2>& b) {
    NAMEPLATE_MMA_PAIRS("m16n8k16", "f16.f16.f16.f16");
  }
};
struct Tf32 {
  static __device__ __forceinline__ void multiplyAdd(float (&c)[4], const Words<4>& a, const Words<2>& b) {
    NAMEPLATE_MMA("m16n8k8", "f32.tf32.tf32.f32", "+f");
  }
};
struct Int8 {
  static __device__ __forceinline__ void multiplyAdd(int (&c)[4], const Words<4>& a, const Words<2>& b) {
    NAMEPLATE_MMA("m16n8k32", "s32.s8.s8.s32", "+r");
  }
};
struct Fp8E4m3 {
  static __device__ __forceinline__ void multiplyAdd(float (&c)[4], const Words<4>& a, const Words<2>& b) {
    NAMEPLATE_MMA("m16n8k32", "f32.e4m3.e4m3.f32", "+f");
  }
};
struct Fp8E5m2 {
  static __device__ __forceinline__ void multiplyAdd(float (&c)[4], const Words<4>& a, const Words<2>& b) {
    NAMEPLATE_MMA("m16n8k32", "f32.e5m2.e5m2.f32", "+f");
  }
};

#else
// Turing takes 16 bytes of K at once, and of int8 8 rows: two multiplies here, or four.
struct Fp16 {
  static __device__ __forceinline__ void multiplyAdd(float (&c)[4], const Words<4>& a, const Words<2>& b) {
    half(c, a[0], a[1], b[0]);
    half(c, a[2], a[3], b[1]);
  }
  static __device__ __forceinline__ void half(float (&c)[4], unsigned x, unsigned y, unsigned b) {
#ifdef __CUDACC__
    asm volatile(
        "mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5}, {%6}, {%0, %1, %2, %3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(x), "r"(y), "r"(b));
#else
    emulation::multiplyAdd("f32.f16.f16.f32", c, {x, y, 0, 0}, {b, 0});
#endif
  }
};
struct Fp16Acc16 {
  static __device__ __forceinline__ void multiplyAdd(Words<2>& c, const Words<4>& a, const Words<2>& b) {
    half(c, a[0], a[1], b[0]);
    half(c, a[2], a[3], b[1]);
  }
  static __device__ __forceinline__ void half(Words<2>& c, unsigned x, unsigned y, unsigned b) {
#ifdef __CUDACC__
    asm volatile("mma.sync.aligned.m16n8k8.row.col.f16.f16.f16.f16 {%0, %1}, {%2, %3}, {%4}, {%0, %1};"
                 : "+r"(c[0]), "+r"(c[1])
                 : "r"(x), "r"(y), "r"(b));
#else
    emulation::multiplyAdd("f16.f16.f16.f16", c, {x, y, 0, 0}, {b, 0});
#endif
  }
};
struct Int8 {
  static __device__ __forceinline__ void multiplyAdd(int (&c)[4], const Words<4>& a, const Words<2>& b) {
#pragma unroll
    for (unsigned k = 0; k < 2; ++k) {
      quarter(c[0], c[1], a[2 * k], b[k]);
      quarter(c[2], c[3], a[2 * k + 1], b[k]);
    }
  }
  static __device__ __forceinline__ void quarter(int& c, int& d, unsigned a, unsigned b) {
#ifdef __CUDACC__
    asm volatile("mma.sync.aligned.m8n8k16.row.col.s32.s8.s8.s32 {%0, %1}, {%2}, {%3}, {%0, %1};"
                 : "+r"(c), "+r"(d)
                 : "r"(a), "r"(b));
#else
    int rows[4] = {c, d};
    emulation::multiplyAdd("s32.s8.s8.s32", rows, {a, 0, 0, 0}, {b, 0});
    c = rows[0], d = rows[1];
#endif
  }
};
#endif

#undef NAMEPLATE_MMA
#undef NAMEPLATE_MMA_PAIRS

// Where shared memory begins that the launch asked for, as the instructions count it.
__device__ __forceinline__ unsigned sharedStart() {
#ifdef __CUDACC__
  return static_cast<unsigned>(__cvta_generic_to_shared(dynamicShared()));
#else
  return 0;
#endif
}

// Four matrices of 8 rows of 16 bytes: lanes 8 i to 8 i + 7 tell where the rows of matrix i are, and x[i] is
// then of its row lane / 4 the word lane % 4.
__device__ __forceinline__ void loadMatrices(Words<4>& x, unsigned at) {
#ifdef __CUDACC__
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(x[0]), "=r"(x[1]), "=r"(x[2]), "=r"(x[3])
               : "r"(at)
               : "memory");
#else
  emulation::loadMatrices(x, at);
#endif
}

// A word of that memory.
__device__ __forceinline__ unsigned loadWord(unsigned at) {
#ifdef __CUDACC__
  unsigned word;
  asm volatile("ld.shared.b32 %0, [%1];" : "=r"(word) : "r"(at) : "memory");
  return word;
#else
  return emulation::loadWord(at);
#endif
}

}  // namespace
}  // namespace nameplate
