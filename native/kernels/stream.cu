// STREAM's kernels: read, write, copy, scale, add, triad and dot over whole arrays of doubles.
//
// Not yet run on a GPU. Bandwidth is bytes in flight over latency: an H200 wants some 48 KiB in flight per
// multiprocessor, which one load per thread does not give. So every thread issues all loads of a step before
// it uses the first, and how many and how wide they are is what the forms of a kernel differ in; the launcher
// times them. stream_copy_bulk leaves the copying to the copy engine.
//
// Predicted for an H200 (4.8 TB/s documented), and to be held against it: read 4.35 to 4.55 TB/s, write 4.2
// to 4.4, copy 4.2 to 4.35, triad 4.25 to 4.4.
//
// As compiled: at most 88 registers; the machine code of 8.0, 9.0 and 10.0 issues all loads of a step before
// the first use.
#include "kernels/bulk_copy.h"
#include "kernels/parameters.h"
#include "kernels/stream_kernel.h"

namespace nameplate {
namespace {

// Without a stated number of blocks the assembler saves registers by using each load as soon as it arrives,
// and fewer are in flight. Two blocks of 512 threads allow 64 registers each, one allows 128.
constexpr unsigned residentBlocks(unsigned bytesUnderWay) {
  return bytesUnderWay <= 128 ? 2 : 1;
}

}  // namespace

#define NAMEPLATE_STREAM(name, Kind, Operation, bytes, count)                         \
  static_assert(streamFits({bytes, count}, Operation::inputs));                       \
  extern "C" __global__ void __launch_bounds__(                                       \
      streamThreads, residentBlocks(bytes * count * (Operation::inputs > 1 ? 2 : 1))) \
      stream_##name##_##bytes##x##count(const StreamParameters p) {                   \
    Kind<Operation, bytes, count>::run(p);                                            \
  }

#ifdef NAMEPLATE_WIDE
#define NAMEPLATE_WIDE_STREAM NAMEPLATE_STREAM
#else
#define NAMEPLATE_WIDE_STREAM(...)
#endif

// The accesses that fit whatever the operation, and those that fit one input alone: parameters.h.
#define NAMEPLATE_STREAMS(name, Kind, Operation)      \
  NAMEPLATE_STREAM(name, Kind, Operation, 16, 1)      \
  NAMEPLATE_STREAM(name, Kind, Operation, 16, 2)      \
  NAMEPLATE_STREAM(name, Kind, Operation, 16, 4)      \
  NAMEPLATE_STREAM(name, Kind, Operation, 16, 8)      \
  NAMEPLATE_WIDE_STREAM(name, Kind, Operation, 32, 1) \
  NAMEPLATE_WIDE_STREAM(name, Kind, Operation, 32, 2) \
  NAMEPLATE_WIDE_STREAM(name, Kind, Operation, 32, 4)
#define NAMEPLATE_LONG_STREAMS(name, Kind, Operation) \
  NAMEPLATE_STREAMS(name, Kind, Operation)            \
  NAMEPLATE_STREAM(name, Kind, Operation, 16, 16)     \
  NAMEPLATE_WIDE_STREAM(name, Kind, Operation, 32, 8)

NAMEPLATE_LONG_STREAMS(read, Reduce, Read)
NAMEPLATE_LONG_STREAMS(write, Map, Write)
NAMEPLATE_LONG_STREAMS(copy, Map, Copy)
NAMEPLATE_LONG_STREAMS(scale, Map, Scale)
NAMEPLATE_STREAMS(add, Map, Add)
NAMEPLATE_STREAMS(triad, Map, Triad)
NAMEPLATE_STREAMS(dot, Reduce, Dot)

#if NAMEPLATE_TARGET >= 90

// Chunk i of a block is fetched into place i mod bulkStages, and stored from there when it has come. A place
// is free again when its store has read it; two stores may be on their way, so that fetching does not wait
// for the last one.
extern "C" __global__ void __launch_bounds__(bulkThreads) stream_copy_bulk(const StreamParameters p) {
  using namespace bulk;
  constexpr unsigned storing = 2, fetching = bulkStages - storing;
  if (threadIdx.x > 0) return;
  const unsigned memory = sharedMemory();
  const auto place = [memory](unsigned stage) { return memory + stage * bulkChunkBytes; };
  const auto arrived = [memory](unsigned stage) { return memory + bulkStages * bulkChunkBytes + stage * 8; };
  for (unsigned stage = 0; stage < bulkStages; ++stage) initialize(arrived(stage), 1);
  fenceForCopyEngine();

  const unsigned long long bytes = p.words / 2 * 16;
  const unsigned long long stride = static_cast<unsigned long long>(gridDim.x) * bulkChunkBytes;
  const unsigned long long start = static_cast<unsigned long long>(blockIdx.x) * bulkChunkBytes;
  const auto bytesAt = [bytes](unsigned long long offset) {
    return bytes - offset < bulkChunkBytes ? static_cast<unsigned>(bytes - offset) : bulkChunkBytes;
  };
  unsigned long long ahead = start;  // of the next chunk to fetch
  Ring<bulkStages> next, at;
  const auto fetch = [&] {
    arriveExpecting(arrived(next.stage), bytesAt(ahead));
    load(place(next.stage), static_cast<const unsigned char*>(p.a) + ahead, bytesAt(ahead),
         arrived(next.stage));
    next.advance();
    ahead += stride;
  };

  for (unsigned chunk = 0; chunk < fetching && ahead < bytes; ++chunk) fetch();
  for (unsigned long long offset = start; offset < bytes; offset += stride) {
    waitFor(arrived(at.stage), at.parity);
    store(static_cast<unsigned char*>(p.out) + offset, place(at.stage), bytesAt(offset));
    commitStores();
    at.advance();
    if (ahead >= bytes) continue;
    waitForStoresToRead<storing>();
    fetch();
  }
  waitForStores();
  if (p.words % 2 == 1 && blockIdx.x == 0)
    static_cast<Word*>(p.out)[p.words - 1] = static_cast<const Word*>(p.a)[p.words - 1];
}

#endif

}  // namespace nameplate
