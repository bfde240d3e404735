// A Hopper multiprocessor as far as the wgmma kernels of native/kernels/ need one: the threads of a cluster
// of thread blocks as fibers, their shared memories, barriers that count bytes, the copy engine, and the
// tensor cores. Written from the PTX ISA and from what cuTensorMapEncodeTiled documents, not from the
// kernels.
//
// What the hardware does by itself happens here at the first or at the last moment that the rules allow, as
// Timing says: a copy when it is asked for, or when nobody can go on without it; a multiply when it is begun,
// or when its end is waited for. A kernel that waits for too little is wrong under one of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <stdexcept>

#include "dtype.h"
#include "kernels/wgmma.h"

namespace machine {

struct Timing {
  bool lateCopies, lateMultiplies, backward;  // backward: the last thread first
};

// Runs `kernel` in every thread of a one-dimensional grid. Throws std::logic_error where a GPU would hang, go
// astray, or leave the result to chance.
void launch(unsigned blocks, unsigned cluster, unsigned threads, Timing, const std::function<void()>& kernel);

struct Index {
  unsigned x;
};
Index thread();
Index block();
Index grid();
unsigned rank();

// What cuTensorMapEncodeTiled makes of a matrix whose tiles are swizzled in rows of 128 bytes: `columns` are
// adjacent, rows `strideBytes` apart. Throws where it would refuse.
void encode(nameplate::TensorMap&, nameplate::DType, const void* base, std::uint64_t columns,
            std::uint64_t rows, std::uint64_t strideBytes, std::uint32_t boxColumns, std::uint32_t boxRows);

// --- the instructions; kernels/hopper.h says what they do ---

unsigned sharedMemory();
void syncBlock();
void meetCluster();  // releases nothing
void syncCluster();
void syncWarpgroup(unsigned barrier);
bool anyOfWarpgroup(unsigned barrier, bool mine);
void changeRegisters(unsigned registers, bool more);

void initialize(unsigned barrier, unsigned count);
void arrive(unsigned barrier, unsigned rank, unsigned expectedBytes);
void waitFor(unsigned barrier, unsigned parity);

// Throws where there is no map.
void prefetch(const nameplate::TensorMap&);
void load(unsigned to, const nameplate::TensorMap&, int x, int y, unsigned barrier, unsigned ranks);
void store(const nameplate::TensorMap&, int x, int y, unsigned from);
void commitStores();
void waitForStoresToRead(unsigned pending);
// Ordinary writes reach the copy engine and other blocks by a fence.
void write(unsigned to, unsigned word);
// These two by a warp, and without a conflict of banks.
void writePair(unsigned to, unsigned x, unsigned y);
void writeMatrices(unsigned to, const unsigned (&words)[4]);
void fence();

// Between the blocks of a grid: others see what was left once a thread has counted that left it, or met those
// that did.
void leave(unsigned* to, const unsigned (&words)[4]);
unsigned countArrival(unsigned* counter);

enum class Input { bf16, fp16, fp16Acc16, tf32, int8, e4m3, e5m2 };
// `sums` are this thread's registers. With `metadata`, another of them, A is compressed.
void multiply(Input, unsigned columns, void* sums, std::uint64_t a, std::uint64_t b, bool accumulate,
              const unsigned* metadata = nullptr, unsigned selector = 0);
void fenceSums();
void commitMultiplies();
void waitForMultiplies(unsigned pending);

// Mantissa bits that the tensor cores keep of a sum of FP8 products; 23 by default, on Hopper about 13.
extern int fp8SumBits;

}  // namespace machine
