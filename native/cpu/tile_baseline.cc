// What every processor of an architecture has: 16 registers of 16 bytes on x86-64, 32 on arm64.
#define NAMEPLATE_TARGET

#include "cpu/tile_kernel.h"
#include "cpu/tile_sets.h"

namespace nameplate::cpu {
namespace {

#if defined(__x86_64__)
constexpr std::string_view path = "SSE2";
constexpr int rows = 4;
#elif defined(__ARM_NEON)
constexpr std::string_view path = "NEON";
constexpr int rows = 8;
#else
constexpr std::string_view path = "128-bit vectors";
constexpr int rows = 4;
#endif

}  // namespace

constinit const Fp32Tile baselineFp32 = tileOf<Plain<float, 16>, rows>(path);
constinit const Fp64Tile baselineFp64 = tileOf<Plain<double, 16>, rows>(path);

}  // namespace nameplate::cpu
