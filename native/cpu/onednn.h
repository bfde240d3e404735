// oneDNN, where the machine has it: a second opinion on the CPU's fp32 and int8.
//
// Of its C interface only the matrix products are used: they take plain pointers and have kept their form
// since version 1. bf16 would need its primitives, whose descriptors differ between versions.
#pragma once

#include <cstdint>

#include "backend.h"

namespace nameplate::cpu {

class OneDnn {
 public:
  // The process's one oneDNN, or null where there is none that we can call; absence() then says why. It is
  // never closed, because its own threads outlive any call.
  static const OneDnn* find();
  static Absence absence();

  Library library() const { return library_; }

  // Throws Unsupported for formats other than fp32 and int8; EINVAL as checkShape does. Every launch asks
  // OpenMP, for the thread that launches, for `threads` threads.
  Kernel gemm(const GemmShape&, std::size_t threads) const;

 private:
  struct Search;
  static const Search& search();

  // dnnl.h, which is not needed to build. Matrices are row-major; the status is 0 where all went well.
  using Sgemm = int (*)(char transposeA, char transposeB, std::int64_t m, std::int64_t n, std::int64_t k,
                        float alpha, const float* a, std::int64_t lda, const float* b, std::int64_t ldb,
                        float beta, float* c, std::int64_t ldc);
  using Int8Gemm = int (*)(char transposeA, char transposeB, char offsetC, std::int64_t m, std::int64_t n,
                           std::int64_t k, float alpha, const std::int8_t* a, std::int64_t lda,
                           std::int8_t offsetA, const std::int8_t* b, std::int64_t ldb, std::int8_t offsetB,
                           float beta, std::int32_t* c, std::int64_t ldc, const std::int32_t* offsetsC);

  int launch(const GemmShape&, const Operands&) const;

  Library library_;
  Sgemm sgemm_ = nullptr;
  Int8Gemm int8Gemm_ = nullptr;
  void (*setThreads_)(int) = nullptr;
};

}  // namespace nameplate::cpu
