// The steps below wgmma.cu's kernels, which ladder.cu has and bench/gpu-ladder.mjs climbs. No run chooses
// one.
#pragma once

#include "kernels/wgmma.h"

namespace nameplate {

// C as ordinary stores want it, besides.
struct LadderParameters {
  WgmmaParameters product;
  void* c;
  unsigned long long rows, columns, ldc;
};

struct LadderStep {
  WgmmaTile tile;
  bool producer = false;  // a warpgroup that loads, beside those that multiply
  bool persistent =
      false;              // the grid of WgmmaGrid; else a block for each tile, one row of tiles after another
  bool overlaps = false;  // one step's multiplies run while the next are begun
  bool copies = false;    // C leaves by the copy engine

  constexpr unsigned threads() const { return producer ? tile.threads() : WgmmaTile::warpgroup; }
};

// gemm_ladder_bf16_1 and on; ladder.cu says what each has more than the one before.
inline constexpr LadderStep ladder[] = {
    {{64, 64, 1, 1, 1, 1, 0}},
    {{128, 128, 1, 1, 1, 1, 0}},
    {{128, 128, 5, 1, 1, 1, 0}, true},
    {{128, 256, 3, 1, 1, 2, 0, 1, 0}, true},
    {{128, 256, 3, 1, 1, 2, 0, 1, 0}, true, true},
    {{128, 256, 3, 1, 1, 2, 0, 1, 0}, true, true, true},
    {{128, 256, 3, 2, 1, 2, 0, 1, 0}, true, true, true},
    {{128, 256, 4, 2, 1, 2, 2, 1, 0}, true, true, true, true},
};
#define NAMEPLATE_LADDER(step) step(1) step(2) step(3) step(4) step(5) step(6) step(7) step(8)

}  // namespace nameplate
