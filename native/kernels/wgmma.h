// What the wgmma kernels and those who launch them agree on: the tiles, the arguments, and the table of
// kernels. gemm_wgmma_bf16_128x256 computes 128 x 256 tiles of C.
#pragma once

namespace nameplate {

// A matrix in global memory as the copy engine (TMA) sees it. The driver writes it, in a form of its own. The
// boundary is what cuda.h asks for from CUDA 13 on; before, it was 64.
struct alignas(128) TensorMap {
  unsigned long long words[16];
};

// A tile of C, the stages of its pipeline, and the thread blocks that form a cluster.
//
// The blocks of a cluster compute tiles beside each other, and share the operand of which a tile takes more:
// each loads a part of it, into the memory of all. Tiles below each other share B, tiles beside each other A.
struct WgmmaTile {
  unsigned m, n, stages, cluster;
  // Warpgroups that multiply, each a part of the tile's rows, and for each the pieces of C on their way.
  unsigned consumers = 2, slotsPerConsumer = 2;

  // A step of the pipeline takes 128 bytes of K, whatever the format: one row of the 128-byte swizzle.
  static constexpr unsigned rowBytes = 128;
  // What one warpgroup multiplies at once, and the piece of C in which results leave: 64 rows of 128 bytes.
  static constexpr unsigned pieceRows = 64, slotBytes = pieceRows * rowBytes;
  static constexpr unsigned warpgroup = 128;

  constexpr unsigned threads() const { return (consumers + 1) * warpgroup; }
  constexpr bool sharesB() const { return n >= m; }
  // Rows that one block loads of each operand.
  constexpr unsigned rowsOfA() const { return sharesB() ? m : m / cluster; }
  constexpr unsigned rowsOfB() const { return sharesB() ? n / cluster : n; }
  constexpr unsigned stageBytes() const { return (m + n) * rowBytes; }
  constexpr unsigned slotsAt() const { return stages * stageBytes(); }
  constexpr unsigned barriersAt() const { return slotsAt() + consumers * slotsPerConsumer * slotBytes; }
  constexpr unsigned sharedBytes() const { return barriersAt() + 2 * stages * 8; }

  // Clocks of a step at best: of the tensor cores, or of the shared memory where that is slower. It moves 128
  // bytes a clock: what the copy engine fills, and what each wgmma reads, 64 rows of A and all of B. That
  // both share those bytes is not established; DeepGEMM counts so too.
  constexpr unsigned stepClocks() const {
    const unsigned multiplying = m * n / 32, moving = m + n + m / pieceRows * (pieceRows + n);
    return multiplying > moving ? multiplying : moving;
  }
};

// A cluster's tiles form one block of the grid of C: `down` x `across` of these, walked in groups of `group`
// rows, so that what runs at one time shares its operands in the L2 cache. `steps` of 128 bytes cover K.
struct WgmmaParameters {
  TensorMap a, b, c;
  unsigned down, across, group, steps;
};

// How C is cut and how many thread blocks are started: never more than finish in the same number of turns, so
// that 4096 x 4096 takes 128 of 132 multiprocessors and leaves their power to the others. The group of 8 rows
// is about as wide as it is high with what 132 multiprocessors do at a time.
struct WgmmaGrid {
  unsigned long long down, across, turns;
  unsigned blocks;
  static constexpr unsigned group = 8;

  constexpr WgmmaGrid(const WgmmaTile& tile, unsigned long long m, unsigned long long n,
                      unsigned multiprocessors)
      : down(parts(m, tile.m * (tile.sharesB() ? tile.cluster : 1))),
        across(parts(n, tile.n * (tile.sharesB() ? 1 : tile.cluster))),
        turns(parts(down * across, multiprocessors < tile.cluster ? 1 : multiprocessors / tile.cluster)),
        blocks(turns == 0 ? 0 : static_cast<unsigned>(parts(down * across, turns)) * tile.cluster) {}

  static constexpr unsigned long long parts(unsigned long long whole, unsigned long long part) {
    return (whole + part - 1) / part;
  }
};

// kernel(format, m, n, stages, cluster). Each tile is the best for some shapes, and which for which is a
// matter of timing; where nothing is timed, the one whose turns take the fewest clocks is taken. Predicted on
// 132 multiprocessors, beside the first that has a tile for each of them, and not yet run on a GPU: 2048^3 by
// 128 x 256 in 0.62 of the time of 128 x 192; 1536^3 by 128 x 192 in 0.65 of that of 128 x 128; 3072^3 by it
// in 0.81 of that of 128 x 256. 128 x 256 asks least of the shared memory, whose bandwidth is what limits
// wgmma; the small ones are for a C that would leave most of the device idle. The partial sums of promoted
// FP8 take registers of their own, so 256 columns are out of reach. fp16 sums take half as many.
// clang-format off
#define NAMEPLATE_WGMMA_TILES(kernel, format) \
  kernel(format, 128, 256, 4, 2)              \
  kernel(format, 256, 128, 4, 2)              \
  kernel(format, 256, 192, 3, 2)              \
  kernel(format, 128, 192, 4, 2)              \
  kernel(format, 128, 128, 6, 2)              \
  kernel(format, 128, 64, 8, 1)
#define NAMEPLATE_WGMMA_PROMOTED_TILES(kernel, format) \
  kernel(format, 128, 128, 6, 2)                       \
  kernel(format, 256, 128, 4, 2)                       \
  kernel(format, 128, 64, 8, 1)
#define NAMEPLATE_WGMMA_KERNELS(kernel)           \
  NAMEPLATE_WGMMA_TILES(kernel, bf16)             \
  NAMEPLATE_WGMMA_TILES(kernel, fp16)             \
  kernel(fp16_acc16, 128, 256, 4, 2)              \
  kernel(fp16_acc16, 256, 256, 3, 2)              \
  kernel(fp16_acc16, 256, 128, 4, 2)              \
  kernel(fp16_acc16, 256, 192, 3, 2)              \
  kernel(fp16_acc16, 128, 128, 6, 2)              \
  kernel(fp16_acc16, 128, 64, 8, 1)               \
  NAMEPLATE_WGMMA_TILES(kernel, tf32)             \
  NAMEPLATE_WGMMA_TILES(kernel, int8)             \
  NAMEPLATE_WGMMA_PROMOTED_TILES(kernel, fp8e4m3) \
  NAMEPLATE_WGMMA_TILES(kernel, fp8e4m3_fast)     \
  NAMEPLATE_WGMMA_PROMOTED_TILES(kernel, fp8e5m2) \
  NAMEPLATE_WGMMA_TILES(kernel, fp8e5m2_fast)
// clang-format on

}  // namespace nameplate
