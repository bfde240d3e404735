// The one design of the memory rows' loops, to be included by one source file per instruction set.
//
// That file defines NAMEPLATE_TARGET, the attribute that makes the compiler use the set, and a Vectors with
// its types and its store; see tile_kernel.h for why a template is not shared between the files.
//
// An ordinary store first reads the line that it is about to overwrite, so that a copy moves three bytes for
// each two that the row counts. Non-temporal stores do not. The plain loop, or memcpy, would leave that
// choice to the compiler and the C library, and the row could not say what it measured.
//
// Each step is one cache line and each load has an instruction of its own: unrolled over several lines, a
// read took twice as long on a Zen 4, whose prefetchers know a stream by its instruction.
#pragma once

#include <bit>
#include <cstring>

#include "backend.h"
#include "cpu/stream_loops.h"

#define NAMEPLATE_INLINE [[gnu::always_inline]] NAMEPLATE_TARGET static inline

namespace nameplate::cpu {
namespace {

constexpr std::size_t line = 64;
// The processor's own prefetchers stop at the end of a page; this asks across it. Measured with copy.
constexpr std::size_t ahead = 1024;

// T is a vector of doubles or a double. Copies pass through unchanged, whatever the bits.
struct Copy {
  static constexpr bool twoInputs = false;
  template <class T>
  NAMEPLATE_INLINE T of(T a, T) {
    return a;
  }
};
struct Scale {
  static constexpr bool twoInputs = false;
  template <class T>
  NAMEPLATE_INLINE T of(T a, T) {
    return 2.0 * a;
  }
};
struct Add {
  static constexpr bool twoInputs = true;
  template <class T>
  NAMEPLATE_INLINE T of(T a, T b) {
    return a + b;
  }
};
struct Triad {
  static constexpr bool twoInputs = true;
  template <class T>
  NAMEPLATE_INLINE T of(T a, T b) {
    return a + 2.0 * b;
  }
};

template <class T>
NAMEPLATE_INLINE T& at(std::uintptr_t array, std::size_t byte) {
  return *reinterpret_cast<T*>(array + byte);
}

// A word at the end of an array, alone.
template <class T>
NAMEPLATE_INLINE T word(std::uintptr_t array, std::size_t byte) {
  T value;
  std::memcpy(&value, reinterpret_cast<const void*>(array + byte), sizeof value);
  return value;
}

NAMEPLATE_INLINE void ask(std::uintptr_t array, std::size_t byte) {
  __builtin_prefetch(reinterpret_cast<const void*>(array + byte + ahead));
}

template <class Vectors>
struct Loops {
  using Doubles = typename Vectors::Doubles;
  using Words = typename Vectors::Words;
  static constexpr int perLine = static_cast<int>(line / sizeof(Words));

  template <class Operation>
  NAMEPLATE_TARGET static void map(const StreamPart part) {
    std::size_t byte = part.begin;
    for (; byte + line <= part.end; byte += line) {
      ask(part.a, byte);
      if constexpr (Operation::twoInputs) ask(part.b, byte);
#pragma GCC unroll 4
      for (std::size_t v = byte; v < byte + line; v += sizeof(Doubles)) {
        const Doubles a = at<const Doubles>(part.a, v);
        Doubles b = a;
        if constexpr (Operation::twoInputs) b = at<const Doubles>(part.b, v);
        Vectors::put(part.out + v, reinterpret_cast<Words>(Operation::of(a, b)));
      }
    }
    for (; byte < part.end; byte += sizeof(double)) {
      const double a = word<double>(part.a, byte);
      double b = a;
      if constexpr (Operation::twoInputs) b = word<double>(part.b, byte);
      const double value = Operation::of(a, b);
      std::memcpy(reinterpret_cast<void*>(part.out + byte), &value, sizeof value);
    }
    Vectors::finish();
  }

  NAMEPLATE_TARGET static void write(const StreamPart part) {
    constexpr std::uint64_t twice = streamWord * 0x100000001ull;
    const Words words = Words{} + twice;
    std::size_t byte = part.begin;
    for (; byte + line <= part.end; byte += line)
#pragma GCC unroll 4
      for (std::size_t v = byte; v < byte + line; v += sizeof words) Vectors::put(part.out + v, words);
    for (; byte < part.end; byte += sizeof twice)
      std::memcpy(reinterpret_cast<void*>(part.out + byte), &twice, sizeof twice);
    Vectors::finish();
  }

  // As many sums as vectors to a line, so that no addition waits for the one before.
  NAMEPLATE_TARGET static void read(const StreamPart part) {
    Words sums[perLine] = {};
    std::size_t byte = part.begin;
    for (; byte + line <= part.end; byte += line)
#pragma GCC unroll 4
      for (int i = 0; i < perLine; ++i)
        sums[i] ^= at<const Words>(part.a, byte + static_cast<std::size_t>(i) * sizeof(Words));
    std::uint64_t folded = 0;
    for (const Words& sum : sums)
      for (std::size_t i = 0; i < sizeof sum / sizeof folded; ++i) folded ^= sum[i];
    for (; byte < part.end; byte += sizeof folded) folded ^= word<std::uint64_t>(part.a, byte);
    at<std::uint32_t>(part.out, part.index * sizeof(std::uint32_t)) =
        static_cast<std::uint32_t>(folded ^ folded >> 32);
  }

  NAMEPLATE_TARGET static void dot(const StreamPart part) {
    Doubles sums[perLine] = {};
    std::size_t byte = part.begin;
    for (; byte + line <= part.end; byte += line)
#pragma GCC unroll 4
      for (int i = 0; i < perLine; ++i) {
        const std::size_t v = byte + static_cast<std::size_t>(i) * sizeof(Doubles);
        sums[i] += at<const Doubles>(part.a, v) * at<const Doubles>(part.b, v);
      }
    double total = 0;
    for (const Doubles& sum : sums)
      for (std::size_t i = 0; i < sizeof sum / sizeof total; ++i) total += sum[i];
    for (; byte < part.end; byte += sizeof total)
      total += word<double>(part.a, byte) * word<double>(part.b, byte);
    at<double>(part.out, part.index * sizeof total) = total;
  }

  static constexpr std::array<void (*)(StreamPart), 7> run{read,     write,      map<Copy>, map<Scale>,
                                                           map<Add>, map<Triad>, dot};
};

}  // namespace
}  // namespace nameplate::cpu
