// Stand-in for CUDA's mma.h: nvcuda::wmma by its documented semantics.
//
// Element e of a fragment lies with lane e mod 32. The real layout is unspecified, so a kernel that relied on
// any would be wrong; this one is simply another. Alignment and strides are held to what the programming
// guide demands.
#pragma once

#include <stdexcept>
#include <type_traits>

namespace nvcuda::wmma {

struct matrix_a {};
struct matrix_b {};
struct accumulator {};
struct row_major {};
struct col_major {};
enum layout_t { mem_row_major, mem_col_major };
namespace precision {
struct tf32 {};
}  // namespace precision

template <typename Use, int m, int n, int k, typename Type, typename Layout = void>
struct fragment {
  using Stored = std::conditional_t<std::is_same_v<Type, precision::tf32>, float, Type>;
  static constexpr int rows = std::is_same_v<Use, matrix_b> ? k : m;
  static constexpr int columns = std::is_same_v<Use, matrix_a> ? k : n;
  static constexpr int num_elements = rows * columns / 32;
  static_assert(rows * columns % 32 == 0);
  Stored x[num_elements];
};

inline float __float_to_tf32(float value) {
  return nameplate::roundToTf32(value);
}

template <typename Type>
void demandAlignment(const Type* at, unsigned ld) {
  if (reinterpret_cast<std::uintptr_t>(at) % 32 != 0 || ld * sizeof(Type) % 16 != 0)
    throw std::logic_error(
        "wmma wants fragments on 32-byte boundaries and a leading dimension of whole 16 bytes");
}

template <typename Fragment, typename Value>
void fill_fragment(Fragment& fragment, Value value) {
  for (auto& x : fragment.x) x = value;
}

template <typename Use, int m, int n, int k, typename Type, typename Layout>
void load_matrix_sync(fragment<Use, m, n, k, Type, Layout>& to,
                      const typename fragment<Use, m, n, k, Type, Layout>::Stored* from, unsigned ld) {
  demandAlignment(from, ld);
  for (int i = 0; i < to.num_elements; ++i) {
    const int e = i * 32 + static_cast<int>(emulation::lane());
    const int row = e / to.columns, column = e % to.columns;
    to.x[i] = std::is_same_v<Layout, row_major> ? from[row * ld + column] : from[column * ld + row];
  }
}

template <int m, int n, int k, typename Type>
void store_matrix_sync(Type* to, const fragment<accumulator, m, n, k, Type>& from, unsigned ld,
                       layout_t layout) {
  demandAlignment(to, ld);
  for (int i = 0; i < from.num_elements; ++i) {
    const int e = i * 32 + static_cast<int>(emulation::lane());
    const int row = e / from.columns, column = e % from.columns;
    to[layout == mem_row_major ? row * ld + column : column * ld + row] = from.x[i];
  }
}

template <int m, int n, int k, typename Type, typename Input, typename LayoutA, typename LayoutB>
void mma_sync(fragment<accumulator, m, n, k, Type>& d, const fragment<matrix_a, m, n, k, Input, LayoutA>& a,
              const fragment<matrix_b, m, n, k, Input, LayoutB>& b,
              const fragment<accumulator, m, n, k, Type>& c) {
  if constexpr (std::is_same_v<Input, precision::tf32>)
    for (float x : a.x)
      if (x != nameplate::roundToTf32(x)) throw std::logic_error("a tf32 fragment was not rounded");
  struct Brought {
    fragment<matrix_a, m, n, k, Input, LayoutA> a;
    fragment<matrix_b, m, n, k, Input, LayoutB> b;
  } const mine{a, b};
  static_assert(sizeof mine <= emulation::maxSharedBytes);
  const emulation::Lanes lanes = emulation::shareWithWarp(&mine, sizeof mine, "mma_sync");
  const auto element = [lanes](auto of, int e) {
    return static_cast<double>((reinterpret_cast<const Brought*>(lanes[e % 32])->*of).x[e / 32]);
  };
  for (int i = 0; i < c.num_elements; ++i) {
    const int e = i * 32 + static_cast<int>(emulation::lane());
    double sum = static_cast<double>(c.x[i]);
    for (int j = 0; j < k; ++j)
      sum += element(&Brought::a, e / n * k + j) * element(&Brought::b, j * n + e % n);
    d.x[i] = static_cast<Type>(sum);
  }
}

}  // namespace nvcuda::wmma
