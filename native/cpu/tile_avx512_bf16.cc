#ifdef __x86_64__
#include <immintrin.h>

#define NAMEPLATE_TARGET __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,fma,avx512bf16")))

#include "cpu/tile_kernel.h"
#include "cpu/tile_sets.h"

namespace nameplate::cpu {
namespace {

struct Bf16Pairs {
  using Unit = std::uint32_t;
  using Sum = float;
  using Vector = Plain<float, 64>::Vector;
  static constexpr bool started = false;
  NAMEPLATE_INLINE Vector multiplyAdd(Vector sum, Unit a, Vector b) {
    const __m512i left = _mm512_set1_epi32(static_cast<int>(a));
    return _mm512_dpbf16_ps(sum, reinterpret_cast<__m512bh>(left), reinterpret_cast<__m512bh>(b));
  }
};

}  // namespace

constinit const Bf16Tile avx512Bf16 = tileOf<Bf16Pairs, 8>("AVX512_BF16");

}  // namespace nameplate::cpu
#endif
