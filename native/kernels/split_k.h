// Split-K: where C has fewer tiles than the device has multiprocessors, several blocks sum a tile, each over
// a part of K.
//
// Each leaves its sums in global memory, and who comes last adds up those of all. Nobody waits for another,
// so the blocks may run in any order; and the parts are added in theirs, so that every launch gives the same
// bits. The counters are zero between launches. A thread's sums lie as it holds them, four words and then its
// neighbour's: no row of C is known here.
#pragma once

#include "kernels/hopper.h"

namespace nameplate {
namespace {

using namespace hopper;

// For the 128 threads of a warpgroup, which alone use the named barrier. `place` tells whose sums these are.
// True for the warpgroup that comes last: its sums are then those of all parts.
template <typename Sum, unsigned pieces, unsigned count>
__device__ __forceinline__ bool gatherParts(Sum (&sums)[pieces][count], const WgmmaParameters& p,
                                            unsigned place, unsigned part, unsigned barrier,
                                            unsigned thread) {
  static_assert(count % 4 == 0);
  constexpr unsigned fours = pieces * count / 4, ofThread = 4, ofFour = WgmmaTile::warpgroup * ofThread;
  const auto partials = [&](unsigned ofPart) {
    return static_cast<unsigned*>(p.partials) + (place * p.parts + ofPart) * 1ull * fours * ofFour +
           thread * ofThread;
  };
  unsigned* const mine = partials(part);
#pragma unroll
  for (unsigned i = 0; i < fours; ++i) {
    const Sum* const x = sums[i * 4 / count] + i * 4 % count;
    leave(mine + i * ofFour, {bits(x[0]), bits(x[1]), bits(x[2]), bits(x[3])});
  }
  syncWarpgroup(barrier);
  const bool last = thread == 0 && countArrival(p.arrivals + place) + 1 == p.parts;
  if (!anyOfWarpgroup(barrier, last)) return false;
#pragma unroll
  for (unsigned i = 0; i < pieces * count; ++i) sums[i / count][i % count] = 0;
#pragma unroll 1
  for (unsigned ofPart = 0; ofPart < p.parts; ++ofPart) {
    const unsigned* const theirs = partials(ofPart);
#pragma unroll
    for (unsigned i = 0; i < fours; ++i) {
      unsigned words[4];
      take(theirs + i * ofFour, words);
#pragma unroll
      for (unsigned word = 0; word < 4; ++word) {
        Sum& sum = sums[(i * 4 + word) / count][(i * 4 + word) % count];
        sum = added(sum, words[word]);
      }
    }
  }
  if (thread == 0) p.arrivals[place] = 0;
  return true;
}

}  // namespace
}  // namespace nameplate
