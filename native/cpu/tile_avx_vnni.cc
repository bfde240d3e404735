#ifdef __x86_64__
#include <immintrin.h>

#define NAMEPLATE_TARGET __attribute__((target("avx2,fma,avxvnni")))

#include "cpu/tile_kernel.h"
#include "cpu/tile_sets.h"

namespace nameplate::cpu {
namespace {

struct Int8Quads {
  using Unit = std::uint32_t;
  using Sum = std::uint32_t;
  using Vector = Plain<std::uint32_t, 32>::Vector;
  static constexpr bool started = true;
  NAMEPLATE_INLINE Vector broadcast(Unit a) { return a - Vector{}; }
  // int8 by uint8
  NAMEPLATE_INLINE Vector multiplyAdd(Vector sum, Vector a, Vector b) {
    return reinterpret_cast<Vector>(_mm256_dpbusd_avx_epi32(
        reinterpret_cast<__m256i>(sum), reinterpret_cast<__m256i>(b), reinterpret_cast<__m256i>(a)));
  }
};

}  // namespace

constinit const Int8Tile avxVnniInt8 = tileOf<Int8Quads, 4>("AVX_VNNI");

}  // namespace nameplate::cpu
#endif
