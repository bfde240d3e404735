// The innermost loops of the memory rows, once per instruction set; stream_*.cc define one set each.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace nameplate::cpu {

// The part [begin, end) of each array, in bytes; `begin` is a multiple of 64, `end` of 8. The arrays start at
// multiples of 64. read and dot leave their partial result as element `index` of `out`.
struct StreamPart {
  std::uintptr_t out, a, b;
  std::size_t begin, end, index;
};

struct StreamLoops {
  std::string_view path;                    // "AVX-512"
  std::string_view stores;                  // "non-temporal", "regular"
  bool (*here)();                           // whether this processor and its system have the instructions
  std::array<void (*)(StreamPart), 7> run;  // in the order of Stream
};

extern const StreamLoops baselineStream;
#ifdef __x86_64__
extern const StreamLoops avx2Stream, avx512Stream;
#endif

// The widest instructions first; the last are those of every processor of the architecture.
std::span<const StreamLoops* const> streamLoops();

}  // namespace nameplate::cpu
