// What every processor of an architecture has: vectors of 16 bytes, and of 32 on arm64, whose non-temporal
// store takes a pair.
#ifdef __SSE2__
#include <emmintrin.h>
#endif
#define NAMEPLATE_TARGET

#include "cpu/stream_kernel.h"

namespace nameplate::cpu {
namespace {

#if defined(__SSE2__)
constexpr std::string_view path = "SSE2", stores = "non-temporal";
struct Vectors {
  typedef double Doubles __attribute__((vector_size(16), may_alias));
  typedef std::uint64_t Words __attribute__((vector_size(16), may_alias));
  NAMEPLATE_INLINE void put(std::uintptr_t to, Words value) {
    _mm_stream_si128(reinterpret_cast<__m128i*>(to), reinterpret_cast<__m128i>(value));
  }
  // Non-temporal stores are not ordered with later ones: without the fence, another thread could see the end
  // of the launch before its data.
  NAMEPLATE_INLINE void finish() { _mm_sfence(); }
};
#elif defined(__aarch64__)
constexpr std::string_view path = "NEON", stores = "non-temporal";
struct Vectors {
  typedef double Doubles __attribute__((vector_size(32), may_alias));
  typedef std::uint64_t Words __attribute__((vector_size(32), may_alias));
  NAMEPLATE_INLINE void put(std::uintptr_t to, Words value) {
    typedef std::uint64_t Half __attribute__((vector_size(16)));
    Half halves[2];
    std::memcpy(halves, &value, sizeof value);
    asm volatile("stnp %q0, %q1, [%2]" : : "w"(halves[0]), "w"(halves[1]), "r"(to) : "memory");
  }
  NAMEPLATE_INLINE void finish() {}
};
#else
constexpr std::string_view path = "128-bit vectors", stores = "regular";
struct Vectors {
  typedef double Doubles __attribute__((vector_size(16), may_alias));
  typedef std::uint64_t Words __attribute__((vector_size(16), may_alias));
  NAMEPLATE_INLINE void put(std::uintptr_t to, Words value) {
    std::memcpy(reinterpret_cast<void*>(to), &value, sizeof value);
  }
  NAMEPLATE_INLINE void finish() {}
};
#endif

bool here() {
  return true;
}

}  // namespace

constinit const StreamLoops baselineStream{path, stores, here, Loops<Vectors>::run};

}  // namespace nameplate::cpu
