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

template <unsigned count>
using Words = unsigned[count];

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
