// mma.sp as one function of each format: A has 2:4 structured sparsity.
//
// multiplyAdd<selector>(c, a, b, metadata): c += a b for 16 x 8 of C over 32 bytes of compressed A, 64 of B,
// by the whole warp. A's registers are those of mma.sync with what is kept in the place of K, B's those of
// two neighbouring ones. Of 16-bit formats and tf32 the words of lanes 0 and 1 of every four count (selector
// 0) or those of lanes 2 and 3 (1); of 8-bit ones all (PTX ISA, "Sparse matrix storage" and "Matrix Fragments
// for sparse mma.m16n8k32", "m16n8k16" and "m16n8k64"). pruning.cc packs them. test/kernels/ puts an
// emulation in the instructions' place.
#pragma once

#include "kernels/mma_instruction.h"

namespace nameplate {
namespace {

#ifdef __CUDACC__
#define NAMEPLATE_MMA(shape, types, constraint)                                                          \
  asm volatile("mma.sp::ordered_metadata.sync.aligned." shape ".row.col." types                          \
               " {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9, %10, %11}, {%0, %1, %2, %3}, %12, %13;"    \
               : constraint(c[0]), constraint(c[1]), constraint(c[2]), constraint(c[3])                  \
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]), "r"(b[2]), "r"(b[3]), \
                 "r"(metadata), "n"(selector))
#else
#define NAMEPLATE_MMA(shape, types, constraint) emulation::multiplyAdd(types, c, a, b, metadata, selector)
#endif

#define NAMEPLATE_SPARSE(Name, shape, types, Sum, constraint)                                             \
  struct Name {                                                                                           \
    template <unsigned selector>                                                                          \
    static __device__ __forceinline__ void multiplyAdd(Sum (&c)[4], const Words<4>& a, const Words<4>& b, \
                                                       unsigned metadata) {                               \
      NAMEPLATE_MMA(shape, types, constraint);                                                            \
    }                                                                                                     \
  };

NAMEPLATE_SPARSE(SparseBf16, "m16n8k32", "f32.bf16.bf16.f32", float, "+f")
NAMEPLATE_SPARSE(SparseFp16, "m16n8k32", "f32.f16.f16.f32", float, "+f")
NAMEPLATE_SPARSE(SparseTf32, "m16n8k16", "f32.tf32.tf32.f32", float, "+f")
NAMEPLATE_SPARSE(SparseInt8, "m16n8k64", "s32.s8.s8.s32", int, "+r")
NAMEPLATE_SPARSE(SparseFp8E4m3, "m16n8k64", "f32.e4m3.e4m3.f32", float, "+f")

#undef NAMEPLATE_SPARSE
#undef NAMEPLATE_MMA

}  // namespace
}  // namespace nameplate
