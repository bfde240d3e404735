// A GEMM on the simulated card, for our own kernels, for cuBLASLt and for cuSPARSELt.
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

// The same of A with 2:4 structured sparsity, compressed, `metadata` telling which elements it has, as our
// kernels take it.
Work sparseGemmWork(const Card& card, const Gemm& gemm, const void* metadata);

// The form of the simulated cuSPARSELt: the kept elements of all rows, and behind them, at `places`, a byte
// for each, which tells where in its group it stood.
struct Pruned {
  DType dtype;
  std::size_t rows, k;
};
Work compressWork(const Card& card, const Pruned& pruned, const void* dense, void* compressed);
Work prunedGemmWork(const Card& card, const Gemm& gemm, const void* places);

// C of A and B, as a launch leaves it.
void multiply(const Gemm& gemm, const std::byte* a, const std::byte* b, std::byte* c);

}  // namespace nameplate::simulated
