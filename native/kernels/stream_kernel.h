// What a kernel of stream.cu does: out = of(a, b) for all words (Map), or one partial result a block
// (Reduce).
#pragma once

#include "kernels/for_each.h"
#include "kernels/parameters.h"
#include "kernels/vector.h"

namespace nameplate {
namespace {

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
}  // namespace nameplate
