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
//
// A warp's step is one contiguous piece of each array, so that the distances between its accesses are
// constants and go into the instructions, whatever the size of the block.
#include "kernels/bulk_copy.h"
#include "kernels/parameters.h"
#include "kernels/vector.h"

namespace nameplate {
namespace {

constexpr unsigned warpThreads = 32;

// Without a stated number of blocks the assembler saves registers by using each load as soon as it arrives,
// and fewer are in flight. Two blocks of 512 threads allow 64 registers each, one allows 128.
constexpr unsigned residentBlocks(unsigned bytesUnderWay) {
  return bytesUnderWay <= 128 ? 2 : 1;
}

// batch(i) handles vectors i, i + 32, … of a warp's whole step, one(i) a single one of the last.
template <unsigned count, typename Batch, typename One>
__device__ __forceinline__ void forEach(unsigned long long vectors, Batch batch, One one) {
  constexpr unsigned step = count * warpThreads;
  const unsigned warps = blockDim.x / warpThreads;
  const unsigned lane = threadIdx.x % warpThreads;
  const unsigned long long stride = static_cast<unsigned long long>(gridDim.x) * warps * step;
  unsigned long long first =
      (static_cast<unsigned long long>(blockIdx.x) * warps + threadIdx.x / warpThreads) * step;
#pragma unroll 1
  for (; first < vectors; first += stride) {
    if (first + step <= vectors) {
      batch(first + lane);
    } else {
#pragma unroll 1
      for (unsigned long long i = first + lane; i < vectors; i += warpThreads) one(i);
    }
  }
}

// Calls one(i) for the words behind the last whole vector.
template <unsigned wordsPerVector, typename One>
__device__ __forceinline__ void forRest(unsigned long long words, One one) {
  const unsigned rest = static_cast<unsigned>(words % wordsPerVector);
  if (blockIdx.x == 0 && threadIdx.x < rest) one(words - rest + threadIdx.x);
}

using Word = unsigned long long;

__device__ __forceinline__ double number(Word word) {
  return __longlong_as_double(static_cast<long long>(word));
}
__device__ __forceinline__ Word bits(double value) {
  return static_cast<Word>(__double_as_longlong(value));
}

struct Write {
  static constexpr unsigned inputs = 0;
  static __device__ __forceinline__ Word of(Word word, Word) { return word; }
};
struct Copy {
  static constexpr unsigned inputs = 1;
  static __device__ __forceinline__ Word of(Word a, Word) { return a; }
};
struct Scale {
  static constexpr unsigned inputs = 1;
  static __device__ __forceinline__ Word of(Word a, Word) { return bits(2.0 * number(a)); }
};
struct Add {
  static constexpr unsigned inputs = 2;
  static __device__ __forceinline__ Word of(Word a, Word b) { return bits(number(a) + number(b)); }
};
struct Triad {
  static constexpr unsigned inputs = 2;
  static __device__ __forceinline__ Word of(Word a, Word b) { return bits(fma(2.0, number(b), number(a))); }
};

// out = of(a, b), word by word.
template <typename Operation, unsigned bytes, unsigned count>
struct Map {
  using V = Vector<bytes>;
  static constexpr unsigned inputs = Operation::inputs;

  static __device__ __forceinline__ void run(const StreamParameters& p) {
    const OnceTouched memory;
    const Word constant = p.word * 0x100000001ull;
    forEach<count>(
        p.words / V::size, [&](unsigned long long i) { step<count>(p, memory, constant, i); },
        [&](unsigned long long i) { step<1>(p, memory, constant, i); });
    forRest<V::size>(p.words, [&](unsigned long long i) {
      const Word x = inputs > 0 ? static_cast<const Word*>(p.a)[i] : constant;
      const Word y = inputs > 1 ? static_cast<const Word*>(p.b)[i] : 0;
      static_cast<Word*>(p.out)[i] = Operation::of(x, y);
    });
  }

  // Vectors i, i + 32, …, all loads before the first store.
  template <unsigned accesses>
  static __device__ __forceinline__ void step(const StreamParameters& p, const OnceTouched& memory,
                                              Word constant, unsigned long long i) {
    V x[accesses] = {}, y[accesses] = {};
#pragma unroll
    for (unsigned u = 0; u < accesses; ++u) {
      const unsigned long long at = i + u * warpThreads;
      if constexpr (inputs > 0) x[u] = memory.load(static_cast<const V*>(p.a) + at);
      if constexpr (inputs > 1) y[u] = memory.load(static_cast<const V*>(p.b) + at);
    }
#pragma unroll
    for (unsigned u = 0; u < accesses; ++u) {
      V v;
#pragma unroll
      for (unsigned w = 0; w < V::size; ++w)
        v.words[w] = Operation::of(inputs > 0 ? x[u].words[w] : constant, y[u].words[w]);
      memory.store(static_cast<V*>(p.out) + i + u * warpThreads, v);
    }
  }
};

struct Read {
  static constexpr unsigned inputs = 1;
  using Sum = Word;
  using Partial = unsigned;
  static __device__ __forceinline__ Sum add(Sum sum, Word a, Word) { return sum ^ a; }
  static __device__ __forceinline__ Sum join(Sum one, Sum other) { return one ^ other; }
  static __device__ __forceinline__ Partial partial(Sum sum) {
    return static_cast<unsigned>(sum ^ (sum >> 32));
  }
};
struct Dot {
  static constexpr unsigned inputs = 2;
  using Sum = double;
  using Partial = double;
  static __device__ __forceinline__ Sum add(Sum sum, Word a, Word b) {
    return fma(number(a), number(b), sum);
  }
  static __device__ __forceinline__ Sum join(Sum one, Sum other) { return one + other; }
  static __device__ __forceinline__ Partial partial(Sum sum) { return sum; }
};

// One partial result a block.
template <typename Operation, unsigned bytes, unsigned count>
struct Reduce {
  using V = Vector<bytes>;
  using Sum = typename Operation::Sum;
  static constexpr unsigned inputs = Operation::inputs;

  static __device__ __forceinline__ void run(const StreamParameters& p) {
    const OnceTouched memory;
    Sum sum = 0;
    forEach<count>(
        p.words / V::size, [&](unsigned long long i) { step<count>(p, memory, sum, i); },
        [&](unsigned long long i) { step<1>(p, memory, sum, i); });
    forRest<V::size>(p.words, [&](unsigned long long i) {
      const Word y = inputs > 1 ? static_cast<const Word*>(p.b)[i] : 0;
      sum = Operation::add(sum, static_cast<const Word*>(p.a)[i], y);
    });
    leave(sum, static_cast<typename Operation::Partial*>(p.out));
  }

  template <unsigned accesses>
  static __device__ __forceinline__ void step(const StreamParameters& p, const OnceTouched& memory, Sum& sum,
                                              unsigned long long i) {
    V x[accesses], y[accesses] = {};
#pragma unroll
    for (unsigned u = 0; u < accesses; ++u) {
      const unsigned long long at = i + u * warpThreads;
      x[u] = memory.load(static_cast<const V*>(p.a) + at);
      if constexpr (inputs > 1) y[u] = memory.load(static_cast<const V*>(p.b) + at);
    }
#pragma unroll
    for (unsigned u = 0; u < accesses; ++u)
#pragma unroll
      for (unsigned w = 0; w < V::size; ++w) sum = Operation::add(sum, x[u].words[w], y[u].words[w]);
  }

  static __device__ __forceinline__ Sum joinWarp(Sum sum) {
    for (unsigned distance = warpThreads / 2; distance > 0; distance /= 2)
      sum = Operation::join(sum, __shfl_xor_sync(~0u, sum, distance));
    return sum;
  }

  static __device__ __forceinline__ void leave(Sum sum, typename Operation::Partial* out) {
    __shared__ Sum warpSums[streamThreads / warpThreads];
    sum = joinWarp(sum);
    if (threadIdx.x % warpThreads == 0) warpSums[threadIdx.x / warpThreads] = sum;
    __syncthreads();
    if (threadIdx.x >= warpThreads) return;
    sum = joinWarp(threadIdx.x < blockDim.x / warpThreads ? warpSums[threadIdx.x] : Sum{0});
    if (threadIdx.x == 0) out[blockIdx.x] = Operation::partial(sum);
  }
};

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
