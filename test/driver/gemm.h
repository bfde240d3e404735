// A GEMM on the simulated card, for our own kernels and for cuBLASLt.
#pragma once

#include "dtype.h"
#include "kernels/parameters.h"
#include "work.h"

namespace nameplate::simulated {

struct Gemm {
  GemmParameters at;
  DType dtype;
  Unit unit;
  double speed = 1;  // of what the unit usually reaches
  // How much of C the grid covers: the first `blocks` tiles. A grid too small leaves the rest alone.
  GemmTile tile{64, 64, 0};
  unsigned long long blocks = ~0ull;
};

Work gemmWork(const Card& card, const Gemm& gemm);

}  // namespace nameplate::simulated
