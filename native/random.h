// Seeded data, made by counting: element i depends on (seed, i) alone.
//
// So any thread, on the host or on a device, makes any part of a buffer, and a verifier recomputes one word
// without the rest. A sequential generator would have to be replayed. The mixer is the SplitMix64 finaliser
// (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014). This header is
// compiled by nvcc too.
#pragma once

#ifdef __CUDACC__
#define NAMEPLATE_EVERYWHERE __host__ __device__
#else
#define NAMEPLATE_EVERYWHERE
#endif

namespace nameplate {

NAMEPLATE_EVERYWHERE constexpr unsigned long long mix(unsigned long long seed, unsigned long long index) {
  unsigned long long z = seed + (index + 1) * 0x9e3779b97f4a7c15ull;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  return z ^ (z >> 31);
}

// Element `index` of the pattern that memory rows move: the bits of a double in [1, 2), random mantissa and
// fixed exponent, so that triad can neither overflow nor meet a NaN, and nothing compresses.
NAMEPLATE_EVERYWHERE constexpr unsigned long long patternWord(unsigned long long seed,
                                                              unsigned long long index) {
  return (mix(seed, index) >> 12) | 0x3ff0000000000000ull;
}

// Leaves eight random bits of the mantissa. A product of two such doubles is a multiple of 2^-16 below 4, and
// so the sum of 2^35 of them is exact in any order.
inline constexpr unsigned long long shortMantissa = ~0ull << 44;
inline constexpr unsigned long long mostShortProducts = 1ull << 35;

// Uniform in [0, 1) with 53 random bits.
NAMEPLATE_EVERYWHERE constexpr double randomUnit(unsigned long long seed, unsigned long long index) {
  return static_cast<double>(mix(seed, index) >> 11) * 0x1p-53;
}

}  // namespace nameplate
