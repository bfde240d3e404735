// What the wgmma kernels and those who launch them agree on: the tiles, the arguments, and the table of
// kernels. gemm_wgmma_bf16_128x256 computes 128 x 256 tiles of C.
#pragma once

namespace nameplate {

// A matrix in global memory as the copy engine (TMA) sees it. The driver writes it, in a form of its own. The
// boundary is what cuda.h asks for from CUDA 13 on; before, it was 64.
struct alignas(128) TensorMap {
  unsigned long long words[16];
};

// A tile of C, the stages of its pipeline, and the shape of a cluster of thread blocks, as 2x1 or 1x2.
//
// The blocks of a cluster compute tiles beside each other, and share an operand: each loads a part of it,
// into the memory of all. Tiles below each other (clusterM = 2) share B, tiles beside each other A.
struct WgmmaTile {
  unsigned m, n, stages, clusterM, clusterN;
  // Warpgroups that multiply, each a part of the tile's rows, and for each the pieces of C on their way.
  unsigned consumers = m > pieceRows ? 2 : 1, slotsPerConsumer = 2;
  // Of B a stage has so many times the K of what it has of A, in parts behind each other: two where A is
  // compressed.
  unsigned partsOfB = 1;
  // Steps of K that the first consumer keeps ahead of the second, so that the other multiplies while one
  // stores its sums. In step, both store at once, and the tensor cores wait. It costs time to refill: a stage
  // is wanted again stages - 1 - lead steps after both are through with it.
  unsigned lead = consumers > 1 ? stages / 4 : 0;

  // A step of the pipeline takes 128 bytes of K, whatever the format: one row of the 128-byte swizzle.
  static constexpr unsigned rowBytes = 128;
  // What one warpgroup multiplies at once, and the piece of C in which results leave: 64 rows of 128 bytes.
  static constexpr unsigned pieceRows = 64, slotBytes = pieceRows * rowBytes;
  static constexpr unsigned warpgroup = 128;

  constexpr unsigned threads() const { return (consumers + 1) * warpgroup; }
  constexpr unsigned cluster() const { return clusterM * clusterN; }
  // Rows that one block loads of each operand.
  constexpr unsigned rowsOfA() const { return m / clusterN; }
  constexpr unsigned rowsOfB() const { return n / clusterM; }
  constexpr unsigned stageBytes() const { return (m + n * partsOfB) * rowBytes; }
  constexpr unsigned slotsAt() const { return stages * stageBytes(); }
  constexpr unsigned barriersAt() const { return slotsAt() + consumers * slotsPerConsumer * slotBytes; }
  constexpr unsigned sharedBytes() const { return barriersAt() + (2 * stages + 1) * 8; }

  // Clocks of a step at best: of the tensor cores, or of the shared memory where that is slower. It moves 128
  // bytes a clock: what the copy engine fills, and what each wgmma reads, 64 rows of A and all of B. That
  // both share those bytes is not established; DeepGEMM counts so too.
  constexpr unsigned stepClocks() const {
    const unsigned multiplying = m * n / 32,
                   moving = m + n * partsOfB + m / pieceRows * (pieceRows + n * partsOfB);
    return multiplying > moving ? multiplying : moving;
  }
  // Clocks in which one multiprocessor moves the sums of `tiles` tiles to or from the L2 cache, 32 bytes a
  // clock: while all read, each of an H200's was seen at 37.
  constexpr unsigned long long moveClocks(unsigned long long tiles) const { return tiles * m * n * 4 / 32; }
};

// A cluster's tiles form one block of the grid of C: `down` x `across` of these, walked in groups of `group`
// rows, so that what runs at one time shares its operands in the L2 cache. `steps` of 128 bytes cover K, in
// `parts` of `stepsOfPart`; split_k.h has what the last three are for where there is more than one.
struct WgmmaParameters {
  TensorMap a, b, c;
  unsigned down, across, group, steps;
  unsigned stepsOfPart, parts;
  void* partials;
  unsigned* arrivals;
};

// How C and K are cut and how many thread blocks are started: never more than finish in the same number of
// turns, so that 4096 x 4096 takes 128 of 132 multiprocessors and leaves their power to the others. K is
// split where C has so few tiles that several blocks can work on each, and where that saves more than it
// takes to bring their sums together. The group of 8 rows is about as wide as it is high with what 132
// multiprocessors do at a time.
struct WgmmaGrid {
  unsigned long long down, across, steps, turns = 0, parts = 1, stepsOfPart, clocks = 0;
  unsigned blocks = 0;
  static constexpr unsigned group = 8;

  // Of C alone. `kBytes` are those of each row of A.
  constexpr WgmmaGrid(const WgmmaTile& tile, unsigned long long m, unsigned long long n,
                      unsigned long long kBytes, unsigned multiprocessors)
      : down(ceil(m, tile.m * tile.clusterM)),
        across(ceil(n, tile.n * tile.clusterN)),
        steps(ceil(kBytes, WgmmaTile::rowBytes)),
        stepsOfPart(steps) {
    if (down * across == 0) return;
    turns = ceil(down * across, atOnce(tile, multiprocessors));
    clocks = turns * steps * tile.stepClocks();
    blocks = static_cast<unsigned>(ceil(down * across, turns)) * tile.cluster();
  }

  // The same with K in `want` parts, or in fewer where that leaves none shorter.
  constexpr WgmmaGrid inParts(const WgmmaTile& tile, unsigned long long want) const {
    WgmmaGrid split = *this;
    split.stepsOfPart = ceil(steps, want);
    split.parts = ceil(steps, split.stepsOfPart);
    split.clocks = turns * (split.stepsOfPart * tile.stepClocks() + tile.moveClocks(1 + split.parts));
    split.blocks = static_cast<unsigned>(ceil(down * across * split.parts, turns)) * tile.cluster();
    return split;
  }

  // With K in as many parts as take the fewest clocks.
  static constexpr WgmmaGrid best(const WgmmaTile& tile, unsigned long long m, unsigned long long n,
                                  unsigned long long kBytes, unsigned multiprocessors) {
    const WgmmaGrid whole(tile, m, n, kBytes, multiprocessors);
    WgmmaGrid best = whole;
    const unsigned long long fit =
        whole.blocks ? atOnce(tile, multiprocessors) / (whole.down * whole.across) : 0;
    for (unsigned long long want = 2; want <= fit && want <= whole.steps; ++want)
      if (const WgmmaGrid split = whole.inParts(tile, want); split.clocks < best.clocks) best = split;
    return best;
  }

  // What the parts of all tiles leave, and the counters of those that have come.
  constexpr unsigned long long partialBytes(const WgmmaTile& tile) const {
    return parts > 1 ? down * across * tile.cluster() * parts * tile.m * tile.n * 4 : 0;
  }
  constexpr unsigned long long arrivalBytes(const WgmmaTile& tile) const {
    return parts > 1 ? down * across * tile.cluster() * tile.consumers * 4 : 0;
  }

  static constexpr unsigned long long ceil(unsigned long long whole, unsigned long long part) {
    return (whole + part - 1) / part;
  }
  static constexpr unsigned atOnce(const WgmmaTile& tile, unsigned multiprocessors) {
    return multiprocessors < tile.cluster() ? 1 : multiprocessors / tile.cluster();
  }
};

// kernel(format, m, n, stages, clusterM, clusterN). Each tile is the best for some shapes, and which for
// which is a matter of timing; where nothing is timed, the one whose turns take the fewest clocks is taken.
// 128 x 256 asks least of the shared memory, whose bandwidth is what limits wgmma; the small ones are for a C
// that would leave most of the device idle, 64 x 128 and 128 x 128 side by side also for one of few rows, of
// which taller tiles would be half empty. The partial sums of promoted FP8 take registers of their own, so
// 256 columns are out of reach. fp16 sums take half as many.
//
// Predicted on 132 multiprocessors, and not yet run on a GPU: 2048^3 by 128 x 256 in 0.62 of the time of
// 128 x 192; 1536^3 by 128 x 192 in 0.65 of that of 128 x 128; 3072^3 by it in 0.81 of that of 128 x 256. In
// bf16, K in parts takes 0.52 of the best without for 4096 x 128 x 16384 (128 x 128, 4 parts), 0.56 for
// 64 x 8192 x 8192 (64 x 128, 2 parts) and 0.65 for its transpose (128 x 64, 2 parts): about as long as
// memory takes to bring the operands, or less. 128 x 16384 x 4096 by 128 x 128 side by side takes 0.71 of 128
// x 64.
// clang-format off
#define NAMEPLATE_WGMMA_SMALL_TILES(kernel, format) \
  kernel(format, 128, 128, 6, 2, 1)                 \
  kernel(format, 128, 128, 6, 1, 2)                 \
  kernel(format, 128, 64, 8, 1, 1)                  \
  kernel(format, 64, 128, 8, 1, 1)
#define NAMEPLATE_WGMMA_TILES(kernel, format) \
  kernel(format, 128, 256, 4, 2, 1)           \
  kernel(format, 256, 128, 4, 1, 2)           \
  kernel(format, 256, 192, 3, 1, 2)           \
  kernel(format, 128, 192, 4, 2, 1)           \
  NAMEPLATE_WGMMA_SMALL_TILES(kernel, format)
#define NAMEPLATE_WGMMA_PROMOTED_TILES(kernel, format) \
  kernel(format, 256, 128, 4, 1, 2)                    \
  NAMEPLATE_WGMMA_SMALL_TILES(kernel, format)
#define NAMEPLATE_WGMMA_KERNELS(kernel)           \
  NAMEPLATE_WGMMA_TILES(kernel, bf16)             \
  NAMEPLATE_WGMMA_TILES(kernel, fp16)             \
  kernel(fp16_acc16, 128, 256, 4, 2, 1)           \
  kernel(fp16_acc16, 256, 256, 3, 2, 1)           \
  kernel(fp16_acc16, 256, 128, 4, 1, 2)           \
  kernel(fp16_acc16, 256, 192, 3, 1, 2)           \
  NAMEPLATE_WGMMA_SMALL_TILES(kernel, fp16_acc16) \
  NAMEPLATE_WGMMA_TILES(kernel, tf32)             \
  NAMEPLATE_WGMMA_TILES(kernel, int8)             \
  NAMEPLATE_WGMMA_PROMOTED_TILES(kernel, fp8e4m3) \
  NAMEPLATE_WGMMA_TILES(kernel, fp8e4m3_fast)     \
  NAMEPLATE_WGMMA_PROMOTED_TILES(kernel, fp8e5m2) \
  NAMEPLATE_WGMMA_TILES(kernel, fp8e5m2_fast)
// clang-format on

}  // namespace nameplate
