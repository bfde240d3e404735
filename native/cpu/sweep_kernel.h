// The loops of a sweep, to be included by one source file per instruction set, which defines
// NAMEPLATE_TARGET: see tile_kernel.h. Everything here has internal linkage for the same reason.
#pragma once

#include "cpu/sweep.h"

#ifdef __clang__
#define NAMEPLATE_UNROLL _Pragma("unroll")
#else
#define NAMEPLATE_UNROLL _Pragma("GCC unroll 16")
#endif

namespace nameplate::cpu {
namespace {

// `Word` is std::uint64_t: a vector's size may depend on a parameter only where its element does.
template <class Word, int vectorBytes>
struct Loops {
  typedef Word Vector __attribute__((vector_size(vectorBytes), may_alias));
  static constexpr std::size_t width = vectorBytes;
  // Enough sums that additions do not wait for each other at two or three loads a clock.
  static constexpr std::size_t sums = 8;

  // What memory holds must be loaded anew in each pass.
  static void forget(const void* memory) { asm volatile("" : : "r"(memory) : "memory"); }

  NAMEPLATE_TARGET static std::uint64_t read(const std::byte* from, std::size_t bytes, std::size_t passes) {
    Vector sum[sums] = {};
    for (std::size_t pass = 0; pass < passes; ++pass) {
      forget(from);
      std::size_t at = 0;
      for (; at + sums * width <= bytes; at += sums * width) {
        NAMEPLATE_UNROLL
        for (std::size_t i = 0; i < sums; ++i)
          sum[i] += *reinterpret_cast<const Vector*>(from + at + i * width);
      }
      for (; at < bytes; at += width) sum[0] += *reinterpret_cast<const Vector*>(from + at);
    }
    for (std::size_t i = 1; i < sums; ++i) sum[0] += sum[i];
    std::uint64_t total = 0;
    for (std::size_t lane = 0; lane < width / 8; ++lane) total += sum[0][lane];
    return total;
  }

  NAMEPLATE_TARGET static void copy(std::byte* to, const std::byte* from, std::size_t bytes,
                                    std::size_t passes) {
    for (std::size_t pass = 0; pass < passes; ++pass) {
      forget(from);
      std::size_t at = 0;
      for (; at + 4 * width <= bytes; at += 4 * width) {
        NAMEPLATE_UNROLL
        for (std::size_t i = 0; i < 4; ++i)
          *reinterpret_cast<Vector*>(to + at + i * width) =
              *reinterpret_cast<const Vector*>(from + at + i * width);
      }
      for (; at < bytes; at += width)
        *reinterpret_cast<Vector*>(to + at) = *reinterpret_cast<const Vector*>(from + at);
      forget(to);
    }
  }
};

template <int vectorBytes>
constexpr SweepLoops loopsOf(std::string_view path, bool (*here)()) {
  return {path, here, Loops<std::uint64_t, vectorBytes>::read, Loops<std::uint64_t, vectorBytes>::copy};
}

}  // namespace
}  // namespace nameplate::cpu
