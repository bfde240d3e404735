// DPX instructions, register to register: an add and a maximum in one, or a maximum of three.
//
// Not yet run on a GPU. As compiled: no local memory, and the loop is nothing but these functions and its own
// end. Where the hardware has them each is one instruction, VIADDMNMX or VIMNMX3 (sm_90a, sm_100f); elsewhere
// CUDA's own header spells it out in two (s32) to thirteen.
//
// The chains of a thread feed each other in a ring, and two functions take turns. A chain by itself would
// settle after a few steps, and a compiler might see it: max(max(x, b), b) is max(x, b). So every step
// counts, and what the thread leaves says so. From one array of registers to the other and back no move is
// needed.
#include "kernels/parameters.h"

namespace nameplate {
namespace {

// Long enough that the loop's own instructions are 2 % of it, and short enough for the instruction cache
// where a function takes thirteen.
constexpr unsigned turnsPerRound = dpxStepsPerRound / 2;

// Calls even(x, i) and odd(x, i) for all chains i, each on what the other left.
template <typename Even, typename Odd>
__device__ __forceinline__ void takeTurns(const DpxParameters& p, Even even, Odd odd) {
  const unsigned* in = p.in + threadIdx.x;
  unsigned x[dpxChains], y[dpxChains];
#pragma unroll
  for (unsigned i = 0; i < dpxChains; ++i) x[i] = in[i * dpxThreads];
  const unsigned up = in[dpxChains * dpxThreads], down = in[(dpxChains + 1) * dpxThreads];
  // A count of 64 bits would cost the loop two more instructions.
  const auto rounds = static_cast<unsigned>(p.rounds);
#pragma unroll 1
  for (unsigned round = 0; round < rounds; ++round) {
#pragma unroll
    for (unsigned turn = 0; turn < turnsPerRound; ++turn) {
#pragma unroll
      for (unsigned i = 0; i < dpxChains; ++i) y[i] = even(x, i, up);
#pragma unroll
      for (unsigned i = 0; i < dpxChains; ++i) x[i] = odd(y, i, down);
    }
  }
  unsigned* out = p.out + static_cast<unsigned long long>(blockIdx.x) * dpxChains * dpxThreads + threadIdx.x;
#pragma unroll
  for (unsigned i = 0; i < dpxChains; ++i) out[i * dpxThreads] = x[i];
}

__device__ __forceinline__ unsigned next(const unsigned (&x)[dpxChains], unsigned i, unsigned distance = 1) {
  return x[(i + distance) % dpxChains];
}

}  // namespace

extern "C" __global__ void __launch_bounds__(dpxThreads) dpx_viaddmax_s32(const DpxParameters p) {
  const auto step = [](const unsigned (&x)[dpxChains], unsigned i, unsigned addend) {
    return static_cast<unsigned>(
        __viaddmax_s32(static_cast<int>(x[i]), static_cast<int>(addend), static_cast<int>(next(x, i))));
  };
  takeTurns(p, step, step);
}

extern "C" __global__ void __launch_bounds__(dpxThreads) dpx_viaddmax_s16x2(const DpxParameters p) {
  const auto step = [](const unsigned (&x)[dpxChains], unsigned i, unsigned addend) {
    return __viaddmax_s16x2(x[i], addend, next(x, i));
  };
  takeTurns(p, step, step);
}

extern "C" __global__ void __launch_bounds__(dpxThreads) dpx_viaddmax_s16x2_relu(const DpxParameters p) {
  const auto step = [](const unsigned (&x)[dpxChains], unsigned i, unsigned addend) {
    return __viaddmax_s16x2_relu(x[i], addend, next(x, i));
  };
  takeTurns(p, step, step);
}

extern "C" __global__ void __launch_bounds__(dpxThreads) dpx_vimax3_s32(const DpxParameters p) {
  takeTurns(
      p,
      [](const unsigned (&x)[dpxChains], unsigned i, unsigned) {
        return static_cast<unsigned>(__vimax3_s32(static_cast<int>(x[i]), static_cast<int>(next(x, i)),
                                                  static_cast<int>(next(x, i, 2))));
      },
      [](const unsigned (&x)[dpxChains], unsigned i, unsigned) {
        return static_cast<unsigned>(__vimin3_s32(static_cast<int>(x[i]), static_cast<int>(next(x, i)),
                                                  static_cast<int>(next(x, i, 2))));
      });
}

}  // namespace nameplate
