#include "cpu/encode.h"

#include "cpu/formats.h"

// The choice among clones is made by the loader, and that of glibc alone knows how.
#if defined(__x86_64__) && defined(__GLIBC__) && !defined(__clang__)
#define NAMEPLATE_WIDEST __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define NAMEPLATE_WIDEST
#endif

namespace nameplate::cpu {

NAMEPLATE_WIDEST void encodeBf16(const float* from, std::uint16_t* to, std::size_t count) {
  for (std::size_t at = 0; at < count; ++at) to[at] = encodeBf16(from[at]);
}

NAMEPLATE_WIDEST void encodeFp16(const float* from, std::uint16_t* to, std::size_t count) {
  for (std::size_t at = 0; at < count; ++at) to[at] = encodeFp16(from[at]);
}

}  // namespace nameplate::cpu
