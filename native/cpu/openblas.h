// OpenBLAS, where the machine has it: a second opinion on the CPU's fp32 and fp64.
//
// Opened at run time and never linked: a machine without it loses two rows and not the program.
#pragma once

#include <string>

#include "backend.h"

namespace nameplate::cpu {

class OpenBlas {
 public:
  // The process's one OpenBLAS, or null where there is none that we can call; absence() then says why. It is
  // never closed, because its own threads outlive any call.
  static const OpenBlas* find();
  static Absence absence();

  Library library() const { return library_; }

  // Throws Unsupported for formats other than fp32 and fp64 and for dimensions beyond 32 bits; EINVAL as
  // checkShape does. Sets OpenBLAS, process-wide, to `threads`, or to as many
  // as it was built for.
  Kernel gemm(const GemmShape&, std::size_t threads) const;

 private:
  struct Search;
  static const Search& search();

  template <class T>
  using Cblas = void (*)(int order, int transposeA, int transposeB, int m, int n, int k, T alpha, const T* a,
                         int lda, const T* b, int ldb, T beta, T* c, int ldc);

  template <class T>
  static void launch(Cblas<T>, const GemmShape&, const Operands&);

  Library library_;
  std::string core_;  // the processor that OpenBLAS took this one for
  Cblas<float> sgemm_ = nullptr;
  Cblas<double> dgemm_ = nullptr;
  void (*setThreads_)(int) = nullptr;
  int (*getThreads_)() = nullptr;
};

}  // namespace nameplate::cpu
