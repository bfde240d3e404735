// Two vectors to a cache line.
#ifdef __x86_64__
#include <immintrin.h>
#define NAMEPLATE_TARGET __attribute__((target("avx2,fma")))

#include "cpu/stream_kernel.h"

namespace nameplate::cpu {
namespace {

struct Vectors {
  typedef double Doubles __attribute__((vector_size(32), may_alias));
  typedef std::uint64_t Words __attribute__((vector_size(32), may_alias));
  NAMEPLATE_INLINE void put(std::uintptr_t to, Words value) {
    _mm256_stream_si256(reinterpret_cast<__m256i*>(to), reinterpret_cast<__m256i>(value));
  }
  NAMEPLATE_INLINE void finish() { _mm_sfence(); }
};

bool here() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

}  // namespace

constinit const StreamLoops avx2Stream{"AVX2", "non-temporal", here, Loops<Vectors>::run};

}  // namespace nameplate::cpu
#endif
