// The formats of the wgmma kernels, and how a thread's sums become rows of C in shared memory.
//
// wgmma leaves with each thread, of every eight columns, two neighbours in two rows: the table is the PTX
// ISA's, and wgmma_instruction.h repeats it.
#pragma once

#include "kernels/hopper.h"
#include "kernels/wgmma_instruction.h"

namespace nameplate {
namespace {

using namespace hopper;

constexpr unsigned rowBytes = WgmmaTile::rowBytes;

enum class Output { bf16, fp16, words };  // words: the sums as they are

// `promotes`: each stage is summed apart and then added to fp32 sums; FP8 with its 128 elements per stage is
// what needs it, because there the tensor core keeps only about 13 bits of a sum.
template <typename InstructionType, typename SumType, unsigned sumsPerEight, unsigned bytes, Output out,
          bool promoted = false>
struct Format {
  using Instruction = InstructionType;
  using Sum = SumType;
  static constexpr unsigned perEight = sumsPerEight;  // registers for 8 columns of two rows
  static constexpr unsigned elementBytes = bytes;
  static constexpr Output output = out;
  static constexpr unsigned outputBytes = output == Output::words && perEight == 4 ? 4 : 2;
  static constexpr bool promotes = promoted;
};

using bf16 = Format<Bf16, float, 4, 2, Output::bf16>;
using fp16 = Format<Fp16, float, 4, 2, Output::fp16>;
using fp16_acc16 = Format<Fp16Acc16, unsigned, 2, 2, Output::words>;  // two fp16 in a word
using tf32 = Format<Tf32, float, 4, 4, Output::words>;
using int8 = Format<Int8, int, 4, 1, Output::words>;
using fp8e4m3 = Format<Fp8E4m3, float, 4, 1, Output::bf16, true>;
using fp8e5m2 = Format<Fp8E5m2, float, 4, 1, Output::bf16, true>;
using fp8e4m3_fast = Format<Fp8E4m3, float, 4, 1, Output::bf16>;
using fp8e5m2_fast = Format<Fp8E5m2, float, 4, 1, Output::bf16>;

// Two neighbouring elements of C; `half` 0 is the upper of the thread's two rows.
template <typename Kind>
__device__ __forceinline__ unsigned packed(const typename Kind::Sum* sums, unsigned eight, unsigned half) {
  if constexpr (Kind::perEight == 2) {
    return sums[eight * 2 + half];
  } else {
    const typename Kind::Sum x = sums[eight * 4 + half * 2], y = sums[eight * 4 + half * 2 + 1];
    return Kind::output == Output::bf16 ? packBf16(x, y) : packFp16(x, y);
  }
}

// 128 bytes of every row of a piece, into a slot; `from` are the sums of their columns.
template <typename Kind>
__device__ __forceinline__ void fillSlot(unsigned slot, const typename Kind::Sum* from, unsigned thread) {
  const unsigned warp = thread / 32, lane = thread % 32;
  if constexpr (Kind::outputBytes == 2) {
    const unsigned row = warp * 16 + lane % 16;
#pragma unroll
    for (unsigned eight = 0; eight < 8; eight += 2) {
      const unsigned words[4] = {packed<Kind>(from, eight, 0), packed<Kind>(from, eight, 1),
                                 packed<Kind>(from, eight + 1, 0), packed<Kind>(from, eight + 1, 1)};
      storeMatrices(slot + row * rowBytes + ((eight + lane / 16) ^ row % 8) * 16, words);
    }
  } else {
    // The swizzle leaves the two chunks of eight columns of rows 2i and 2i + 1 in the same banks. So odd rows
    // begin two eights further on, and the four rows of half a warp fill all 32 banks.
    const bool odd = lane / 4 % 2;
#pragma unroll
    for (unsigned eight = 0; eight < 4; ++eight)
#pragma unroll
      for (unsigned half = 0; half < 2; ++half) {
        const unsigned row = warp * 16 + half * 8 + lane / 4;
        const unsigned chunk = (odd ? eight ^ 2 : eight) * 2 + lane % 4 / 2;
        const typename Kind::Sum *even = from + eight * 4 + half * 2,
                                 *other = from + (eight ^ 2) * 4 + half * 2;
        storePair(slot + row * rowBytes + (chunk ^ row % 8) * 16 + lane % 2 * 8,
                  bits(odd ? other[0] : even[0]), bits(odd ? other[1] : even[1]));
      }
  }
}

}  // namespace
}  // namespace nameplate
