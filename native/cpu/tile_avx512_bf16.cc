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
  NAMEPLATE_INLINE __m512bh broadcast(Unit a) {
    return reinterpret_cast<__m512bh>(_mm512_set1_epi32(static_cast<int>(a)));
  }
  NAMEPLATE_INLINE Vector multiplyAdd(Vector sum, __m512bh a, Vector b) {
    return _mm512_dpbf16_ps(sum, a, reinterpret_cast<__m512bh>(b));
  }
  // Two vectors of sums are a line of C. Stored first and read again for it, they took a tenth of the time at
  // K = 64 on Zen 4. What the instruction makes of subnormal sums does not matter: the one above leaves none.
  template <int vectors>
  NAMEPLATE_INLINE void storeEncoded(const Vector (&sums)[vectors], std::byte* c) {
    NAMEPLATE_UNROLL
    for (int vector = 0; vector + 1 < vectors; vector += 2, c += sizeof(Vector))
      storePastCaches(c, _mm512_cvtne2ps_pbh(reinterpret_cast<__m512>(sums[vector + 1]),
                                             reinterpret_cast<__m512>(sums[vector])));
  }
};

}  // namespace

// Wide, so that its rows are whole lines of C.
constinit const Bf16Tile avx512Bf16 = tileOf<Bf16Pairs, 6, 4>("AVX512_BF16");

}  // namespace nameplate::cpu
#endif
