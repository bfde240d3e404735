// A vector is a whole cache line, so that a non-temporal store fills its buffer at once.
#ifdef __x86_64__
#include <immintrin.h>
#define NAMEPLATE_TARGET __attribute__((target("avx512f")))

#include "cpu/stream_kernel.h"

namespace nameplate::cpu {
namespace {

struct Vectors {
  typedef double Doubles __attribute__((vector_size(64), may_alias));
  typedef std::uint64_t Words __attribute__((vector_size(64), may_alias));
  NAMEPLATE_INLINE void put(std::uintptr_t to, Words value) {
    _mm512_stream_si512(reinterpret_cast<__m512i*>(to), reinterpret_cast<__m512i>(value));
  }
  NAMEPLATE_INLINE void finish() { _mm_sfence(); }
};

bool here() {
  return __builtin_cpu_supports("avx512f");
}

}  // namespace

constinit const StreamLoops avx512Stream{"AVX-512", "non-temporal", here, Loops<Vectors>::run};

}  // namespace nameplate::cpu
#endif
