#include "cpu/tile.h"

namespace nameplate::cpu {
namespace {

#ifdef __clang__
#define NAMEPLATE_UNROLL _Pragma("unroll")
#else
#define NAMEPLATE_UNROLL _Pragma("GCC unroll 16")
#endif

// Inlined into each function below, and there compiled for that function's instruction set.
template <class T, int vectorBytes, int rows, int vectors>
[[gnu::always_inline]] inline void multiplyTile(std::size_t depth, const T* a, const T* b, T* products) {
  typedef T Vector __attribute__((vector_size(vectorBytes), may_alias));
  Vector sums[rows][vectors] = {};
  for (std::size_t step = 0; step < depth; ++step) {
    const auto* right = reinterpret_cast<const Vector*>(b) + step * vectors;
    const T* left = a + step * rows;
    NAMEPLATE_UNROLL
    for (int row = 0; row < rows; ++row) {
      NAMEPLATE_UNROLL
      for (int vector = 0; vector < vectors; ++vector) sums[row][vector] += left[row] * right[vector];
    }
  }
  auto* out = reinterpret_cast<Vector*>(products);
  NAMEPLATE_UNROLL
  for (int row = 0; row < rows; ++row) {
    NAMEPLATE_UNROLL
    for (int vector = 0; vector < vectors; ++vector) out[row * vectors + vector] = sums[row][vector];
  }
}

#ifdef __x86_64__

template <class T>
__attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,fma"))) void avx512(std::size_t depth, const T* a,
                                                                              const T* b, T* products) {
  multiplyTile<T, 64, 12, 2>(depth, a, b, products);
}

template <class T>
__attribute__((target("avx2,fma"))) void avx2(std::size_t depth, const T* a, const T* b, T* products) {
  multiplyTile<T, 32, 6, 2>(depth, a, b, products);
}

template <class T>
void sse2(std::size_t depth, const T* a, const T* b, T* products) {
  multiplyTile<T, 16, 6, 2>(depth, a, b, products);
}

template <class T>
Tile<T> choose() {
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("fma"))
    return {"AVX-512", 12, 128 / sizeof(T), avx512<T>};
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    return {"AVX2", 6, 64 / sizeof(T), avx2<T>};
  return {"SSE2", 6, 32 / sizeof(T), sse2<T>};
}

#else

template <class T>
void baseline(std::size_t depth, const T* a, const T* b, T* products) {
  multiplyTile<T, 16, 8, 2>(depth, a, b, products);
}

template <class T>
Tile<T> choose() {
#ifdef __ARM_NEON
  return {"NEON", 8, 32 / sizeof(T), baseline<T>};
#else
  return {"128-bit vectors", 8, 32 / sizeof(T), baseline<T>};
#endif
}

#endif

}  // namespace

template <class T>
const Tile<T>& bestTile() {
  static const Tile<T> best = choose<T>();
  return best;
}

template const Tile<float>& bestTile<float>();
template const Tile<double>& bestTile<double>();

}  // namespace nameplate::cpu
