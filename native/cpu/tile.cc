#include "cpu/tile.h"

#include "cpu/tile_sets.h"

#ifdef __x86_64__
#include <cpuid.h>
#endif

namespace nameplate::cpu {

#ifdef __x86_64__

// The compiler's own test of a feature asks the system as well; avxvnni it does not know everywhere.
Instructions instructions() {
  Instructions has;
  has.avx = __builtin_cpu_supports("avx");
  has.avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  has.avx512 = has.avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
               __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq");
  has.avx512Bf16 = has.avx512 && __builtin_cpu_supports("avx512bf16");
  has.avx512Vnni = has.avx512 && __builtin_cpu_supports("avx512vnni");
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  has.avxVnni = has.avx2 && __get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx) && (eax >> 4 & 1);
  return has;
}

Tiles tilesFor(const Instructions& has) {
  Tiles tiles{baselineFp32, baselineFp64, {}, {}};
  if (has.avx) tiles.fp32 = avxFp32, tiles.fp64 = avxFp64;
  if (has.avx2) tiles.fp32 = avx2Fp32, tiles.fp64 = avx2Fp64;
  if (has.avx512) tiles.fp32 = avx512Fp32, tiles.fp64 = avx512Fp64;
  if (has.avx512Bf16) tiles.bf16 = avx512Bf16;
  if (has.avxVnni) tiles.int8 = avxVnniInt8;
  if (has.avx512Vnni) tiles.int8 = avx512Int8;
  return tiles;
}

#else

Instructions instructions() {
  return {};
}

Tiles tilesFor(const Instructions&) {
  return {baselineFp32, baselineFp64, {}, {}};
}

#endif

}  // namespace nameplate::cpu
