// wgmma's multiply of an A with 2:4 sparsity, as wgmma_instruction.h has that of a whole one.
//
// multiplyAdd<selector>(d, a, b, accumulate, metadata): `a` tells of 32 bytes of compressed A, `b` of 64
// bytes of K. Each warp gives the metadata of its 16 rows as sparse_instruction.h says of mma.sp: of 8-bit
// formats every lane's word counts, of the others those of lanes 0 and 1 of every four, or with selector 1
// those of lanes 2 and 3 (PTX ISA, "Sparse matrix storage" and "Matrix fragments for sparse wgmma"). The word
// is read, like d, until the multiply has been waited for.
#pragma once

#include "kernels/wgmma_instruction.h"

namespace nameplate::hopper {

// Behind the sums and what AFTER and FLAG name: the metadata and the selector.
#define NAMEPLATE_METADATA_32 "%35, %36"
#define NAMEPLATE_METADATA_64 "%67, %68"
#define NAMEPLATE_METADATA_96 "%99, %100"
#define NAMEPLATE_METADATA_128 "%131, %132"

#define NAMEPLATE_SPARSE_MULTIPLY(type, constraint, count, shape, scales)                            \
  template <unsigned selector>                                                                       \
  static __device__ __forceinline__ void multiplyAdd(type(&d)[count], unsigned long long a,          \
                                                     unsigned long long b, bool accumulate,          \
                                                     const unsigned& metadata) {                     \
    asm volatile("{\n.reg .pred add;\nsetp.ne.b32 add, " NAMEPLATE_FLAG_##count                      \
                 ", 0;\nwgmma.mma_async.sp.sync.aligned." shape " {" NAMEPLATE_NAMES_##count         \
                 "}, " NAMEPLATE_AFTER_##count ", " NAMEPLATE_METADATA_##count ", add" scales ";\n}" \
                 : NAMEPLATE_SUMS_##count(constraint)                                                \
                 : "l"(a), "l"(b), "r"(static_cast<int>(accumulate)), "r"(metadata), "n"(selector)); \
  }

struct SparseBf16 {
  NAMEPLATE_WORDS(NAMEPLATE_SPARSE_MULTIPLY, float, NAMEPLATE_FLOAT, "k32", ".f32.bf16.bf16", ", 1, 1, 0, 0")
};
struct SparseFp16 {
  NAMEPLATE_WORDS(NAMEPLATE_SPARSE_MULTIPLY, float, NAMEPLATE_FLOAT, "k32", ".f32.f16.f16", ", 1, 1, 0, 0")
};
struct SparseTf32 {
  NAMEPLATE_WORDS(NAMEPLATE_SPARSE_MULTIPLY, float, NAMEPLATE_FLOAT, "k16", ".f32.tf32.tf32", ", 1, 1")
};
struct SparseInt8 {
  NAMEPLATE_WORDS(NAMEPLATE_SPARSE_MULTIPLY, int, NAMEPLATE_WORD, "k64", ".s32.s8.s8", "")
};
struct SparseFp8E4m3 {
  NAMEPLATE_WORDS(NAMEPLATE_SPARSE_MULTIPLY, float, NAMEPLATE_FLOAT, "k64", ".f32.e4m3.e4m3", ", 1, 1")
};

}  // namespace nameplate::hopper
