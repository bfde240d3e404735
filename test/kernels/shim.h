// Enough of CUDA to run the kernels of native/kernels/ on a processor, with g++ alone and no GPU.
//
// Every CUDA thread is a fiber. It runs until it waits (at a barrier, or for the other lanes of its warp),
// and then the next one runs. Because one thread runs far ahead of the others, a missing __syncthreads()
// gives a wrong result instead of a rare one, and running the threads in the opposite order catches the other
// half. What this cannot show is the hardware's own timing and rounding.
//
// Included by the compiler before each source (-include); cuda/ holds stand-ins for CUDA's own headers.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <stdexcept>
#include <vector>

#include "bulk_copy.h"
#include "dtype.h"
#include "tensor_core.h"

#define __global__
#define __device__
#define __forceinline__ inline
#define __launch_bounds__(...)
// One block runs at a time, so that a block's shared memory can be one static object. It keeps what the block
// before left in it, as shared memory does.
#define __shared__ static
#ifndef NAMEPLATE_TARGET
#define NAMEPLATE_TARGET 120
#endif

struct alignas(16) uint4 {
  unsigned x, y, z, w;
};

namespace emulation {

struct Index {
  unsigned x = 1, y = 1, z = 1;
};

enum class Order { forward, backward };

// Runs `kernel` in every thread of a one-dimensional grid. Throws std::logic_error where a GPU would hang or
// go astray: threads of a block that wait at different barriers, or return while others wait. With the
// threads in forward order an asynchronous copy lands as late as it may, when its thread waits for it;
// backward at once.
void launch(unsigned blocks, Index block, Order order, const std::function<void()>& kernel,
            unsigned sharedBytes = 0);

const Index& threadIndex();
const Index& blockIndex();
const Index& blockSize();
const Index& gridSize();

// Waits for all threads of the block; `line` tells one barrier from another.
void waitForBlock(int line);

// Waits for the 32 lanes of the warp and returns where a copy of what each of them brought lies, until the
// next call. `site` tells one operation from another.
constexpr std::size_t maxSharedBytes = 256;
using Lanes = const std::byte (*)[maxSharedBytes];
Lanes shareWithWarp(const void* mine, std::size_t bytes, const char* site);
unsigned lane();
inline void waitForLanes() {
  constexpr char nothing = 0;
  shareWithWarp(&nothing, sizeof nothing, "syncwarp");
}

// The shared memory that the launch asked for, in front of a page that may not be touched.
uint4* dynamicShared();

// cp.async of 16 bytes, cp.async.commit_group and cp.async.wait_group.
void startCopy(void* shared, const void* global);
void closeGroup();
void waitForGroups(unsigned left);

}  // namespace emulation

#define threadIdx (emulation::threadIndex())
#define blockIdx (emulation::blockIndex())
#define blockDim (emulation::blockSize())
#define gridDim (emulation::gridSize())
#define __syncthreads() emulation::waitForBlock(__LINE__)
#define __syncwarp() emulation::waitForLanes()

struct alignas(16) double2 {
  double x, y;
};

inline double __longlong_as_double(long long bits) {
  return std::bit_cast<double>(bits);
}

inline long long __double_as_longlong(double value) {
  return std::bit_cast<long long>(value);
}

struct alignas(16) ulonglong2 {
  unsigned long long x, y;
};

// Caches are the hardware's: here a load is a load.
template <typename Value>
Value __ldca(const Value* at) {
  return *at;
}
template <typename Value>
Value __ldcg(const Value* at) {
  return *at;
}
template <typename Value>
void __stcg(Value* at, Value value) {
  *at = value;
}

inline int __dp4a(int a, int b, int sum) {
  for (int i = 0; i < 4; ++i)
    sum += static_cast<std::int8_t>(a >> (8 * i)) * static_cast<std::int8_t>(b >> (8 * i));
  return sum;
}

// DPX functions, as the CUDA Math API documents them. Sums wrap around, as add.s32 and add.s16x2 of PTX do.
inline int __viaddmax_s32(int a, int b, int c) {
  return std::max(static_cast<int>(static_cast<unsigned>(a) + static_cast<unsigned>(b)), c);
}
inline int __vimax3_s32(int a, int b, int c) {
  return std::max({a, b, c});
}
inline int __vimin3_s32(int a, int b, int c) {
  return std::min({a, b, c});
}
inline std::int16_t halfOf(unsigned word, int half) {
  return static_cast<std::int16_t>(word >> (16 * half));
}
inline unsigned __viaddmax_s16x2(unsigned a, unsigned b, unsigned c) {
  unsigned word = 0;
  for (int half = 0; half < 2; ++half) {
    const auto sum = static_cast<std::int16_t>(halfOf(a, half) + halfOf(b, half));
    word |= static_cast<unsigned>(static_cast<std::uint16_t>(std::max(sum, halfOf(c, half)))) << (16 * half);
  }
  return word;
}
inline unsigned __viaddmax_s16x2_relu(unsigned a, unsigned b, unsigned c) {
  const unsigned word = __viaddmax_s16x2(a, b, c);
  return (halfOf(word, 0) < 0 ? 0 : word & 0xffffu) | (halfOf(word, 1) < 0 ? 0 : word & 0xffff0000u);
}

template <typename Value>
Value __shfl_xor_sync(unsigned, Value value, unsigned mask) {
  const emulation::Lanes lanes = emulation::shareWithWarp(&value, sizeof value, "shuffle");
  return *reinterpret_cast<const Value*>(lanes[emulation::lane() ^ mask]);
}

template <typename Value>
Value atomicAdd(Value* at, Value value) {
  const Value old = *at;
  *at += value;
  return old;
}

template <typename Value>
Value atomicMin(Value* at, Value value) {
  const Value old = *at;
  if (value < old) *at = value;
  return old;
}

// The values of all encodings of a format of at most 16 bits.
template <nameplate::DType dtype>
const double* decoded() {
  static const std::vector<double> table = [] {
    std::vector<double> values(std::size_t{1} << (8 * nameplate::row(dtype).bytes));
    for (std::size_t bits = 0; bits < values.size(); ++bits)
      values[bits] = nameplate::decodeSmallFloat(nameplate::row(dtype), static_cast<std::uint16_t>(bits));
    return values;
  }();
  return table.data();
}

// A 16-bit float as bits, converted by our own dtype.h.
template <nameplate::DType dtype>
struct SmallFloat {
  std::uint16_t bits;
  SmallFloat() = default;
  explicit SmallFloat(double value) : bits(nameplate::encodeSmallFloat(nameplate::row(dtype), value)) {}
  explicit operator double() const { return decoded<dtype>()[bits]; }
};
using __half = SmallFloat<nameplate::DType::fp16>;
using __nv_bfloat16 = SmallFloat<nameplate::DType::bf16>;

inline __half __float2half_rn(float value) {
  return __half(value);
}

inline __nv_bfloat16 __float2bfloat16_rn(float value) {
  return __nv_bfloat16(value);
}
