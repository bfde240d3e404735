// What a kernel is handed, and the shape of its blocks: read by the kernels, by their launchers, and by
// nothing else.
//
// Each kernel takes one struct by value, so that host and device cannot disagree about an argument's
// position. Entry points are extern "C" and named family_path_format, for example gemm_wmma_bf16.
#pragma once

namespace nameplate {

// C (M x N, ldc) = A (M x K, lda) times the transpose of B (N x K, ldb); all row-major, leading dimensions in
// elements.
struct GemmParameters {
  const void* a;
  const void* b;
  void* c;
  unsigned long long m, n, k;
  unsigned long long lda, ldb, ldc;
};

// Blocks form a one-dimensional grid of tiles, row of tiles after row: gridDim.y ends at 65535, gridDim.x
// does not.
struct GemmTile {
  unsigned m, n;
  unsigned threads;
  unsigned sharedBytes = 0;  // dynamic: asked for at the launch, since a kernel's own may not pass 48 KiB
};

// simt.cu: `stages` of rows of 64 bytes of K and 16 of padding; before Ampere two, of 32 and 16.
inline constexpr unsigned simtChunks = 4;
constexpr GemmTile simtTile(unsigned m, unsigned n, unsigned threads, unsigned stages) {
  return {m, n, threads, (m + n) * (simtChunks + 1) * 16 * stages};
}
constexpr GemmTile beforeAmpere(GemmTile tile) {
  return {tile.m, tile.n, tile.threads, (tile.m + tile.n) * (simtChunks / 2 + 1) * 16 * 2};
}
inline constexpr GemmTile simt128x256 = simtTile(128, 256, 256, 2);
inline constexpr GemmTile simt128x128 = simtTile(128, 128, 128, 2);
inline constexpr GemmTile simt64x64 = simtTile(64, 64, 128, 4);

// dmma.cu: three stages of rows of 128 bytes of K.
inline constexpr unsigned dmmaChunks = 8;
constexpr GemmTile dmmaTile(unsigned m, unsigned n, unsigned threads) {
  return {m, n, threads, (m + n) * dmmaChunks * 16 * 3};
}
inline constexpr GemmTile dmma128x128 = dmmaTile(128, 128, 256);
inline constexpr GemmTile dmma128x64 = dmmaTile(128, 64, 256);
inline constexpr GemmTile dmma64x64 = dmmaTile(64, 64, 128);

// wmma.cu: two stages of rows of 64 bytes of K and 16 of padding.
inline constexpr unsigned wmmaChunks = 4;
constexpr GemmTile wmmaTile(unsigned m, unsigned n, unsigned threads) {
  return {m, n, threads, (m + n) * (wmmaChunks + 1) * 16 * 2};
}
inline constexpr GemmTile wmma128x128 = wmmaTile(128, 128, 256);
inline constexpr GemmTile wmma64x64 = wmmaTile(64, 64, 128);

// `out`, `a` and `b` are arrays of `words` 64-bit words, except that `read` writes one 32-bit partial XOR per
// block to `out`, and `dot` one partial sum (at most mostPartials of kernel.h, so at most that many blocks).
struct StreamParameters {
  void* out;
  const void* a;
  const void* b;
  unsigned long long words;
  unsigned int word;        // what `write` writes, twice in each 64-bit word
  unsigned int unused = 0;  // or it would be padding, and equal launches not equal byte by byte
};

inline constexpr unsigned streamThreads = 512;  // the most of a block

// A stream's kernel in one of its forms, stream_copy_16x8: `count` accesses of `bytes` bytes to each array
// that a thread has under way at once.
struct StreamAccess {
  unsigned bytes, count;
};

inline constexpr StreamAccess streamAccesses[] = {{16, 1}, {16, 2}, {16, 4}, {16, 8}, {16, 16},
                                                  {32, 1}, {32, 2}, {32, 4}, {32, 8}};

// What is under way stays in registers: 256 bytes of them are 64.
constexpr bool streamFits(StreamAccess access, unsigned inputs) {
  return access.bytes * access.count * (inputs < 1 ? 1 : inputs) <= 256;
}

// stream_copy_bulk: one thread a block moves chunks through this many places in shared memory, each with a
// barrier.
inline constexpr unsigned bulkThreads = 32, bulkChunkBytes = 16 << 10, bulkStages = 6;
inline constexpr unsigned bulkSharedBytes = bulkStages * (bulkChunkBytes + 8);

inline constexpr unsigned bufferThreads = 512;

// Walks `passes` times through `vectors` 16-byte vectors: of each block's own set, block after block in `a`,
// or of one set of all blocks. Reads leave each block's sum of 64-bit words in out[block]; a copy fills out.
struct SweepParameters {
  void* out;
  const void* a;
  unsigned long long vectors;
  unsigned long long passes;
};

inline constexpr unsigned sweepThreads = 512;

inline constexpr unsigned chaseThreads = 32;  // a warp, of which one thread works

// One thread takes `steps` steps from where `state` says; `nodes` is where the cycle lies.
struct ChaseParameters {
  void* state;  // ChaseState of kernel.h
  const void* nodes;
  unsigned long long steps;
};

// Adds 1 to a word: what an empty kernel does so that a lost launch is noticed.
struct TickParameters {
  unsigned long long* count;
};

// Every thread turns dpxChains words, `rounds` times dpxStepsPerRound steps each; see DpxLoop of kernel.h
// for the steps, and for how `in` and `out` are laid out.
struct DpxParameters {
  unsigned* out;
  const unsigned* in;
  unsigned long long rounds;  // below 2^32
};

inline constexpr unsigned dpxThreads = 256, dpxChains = 8, dpxStepsPerRound = 16;

// Copies `vectors` 16-byte vectors; where backOut is given, as many the other way at the same time.
struct LinkParameters {
  void* out;
  const void* from;
  void* backOut;
  const void* backFrom;
  unsigned long long vectors;
};

inline constexpr unsigned linkThreads = 512;

// Fills `words` 64-bit words with patternWord(seed, index) & mask.
struct PatternParameters {
  void* out;
  unsigned long long words;
  unsigned long long seed;
  unsigned long long mask;
};

// Compares `words` 32-bit words. `count` and `first` are zero and ~0 before the launch: how many differ, and
// the index of the first.
struct CompareParameters {
  const void* expected;
  const void* actual;
  unsigned long long words;
  unsigned long long* count;
  unsigned long long* first;
};

// out (columns x rows) = the transpose of a (rows x columns), both packed.
struct TransposeParameters {
  void* out;
  const void* a;
  unsigned long long rows, columns;
};

inline constexpr unsigned transposeTile =
    32;  // a block of 32 x 8 threads moves a 32 x 32 tile; grid is one-dimensional

}  // namespace nameplate
