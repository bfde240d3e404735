// What a provider hands out, and what it computes: the kernels of each family, with their operands.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "dtype.h"

namespace nameplate {

// Addresses that one launch reads (a, b) and writes (out).
struct Operands {
  std::uintptr_t out = 0, a = 0, b = 0;
};

struct Kernel {
  std::string name;       // what runs: kernel, instruction path and tile, or the library's algorithm
  std::string resource;   // the documented figure it exhausts: "tensor.bf16", "vector.fp32", "memory", "link"
  bool tuned = true;      // false: of no established speed, its rate tells of the code, not of the device
  bool emulated = false;  // the device lacks the format or the instruction: others do its work, exactly
  bool capturable = true;     // may be recorded into a graph (copies from pageable memory may not)
  std::size_t keptBytes = 0;  // of the host, at most, that it keeps from one launch to the next
  std::string note;           // what a reader should know, such as how the kernel was chosen
  std::function<void(const Operands&)> launch;  // enqueues one launch on the device's stream, in order
  // Where a library keeps a sparse A in a form of its own: to be called before a launch, whenever what lies
  // at `a` is new. Returns when that form is made; it is no part of a launch.
  std::function<void(const Operands&)> adopt;
};

// How a GEMM accumulates. `full` is the row's plain name; `half` is ".acc16"; `fast` is ".fast": FP8 sums
// kept in the tensor core's own narrow accumulator instead of being promoted to fp32 every 128 elements of K.
enum class Accumulator : std::uint8_t { full, half, fast };

// C (M x N, row-major, leading dimension ldc) = A (M x K, row-major, lda) times the transpose of B (N x K,
// row-major, ldb). Leading dimensions count elements. C has the format row(dtype).output.
struct GemmShape {
  DType dtype = DType::fp32;
  Accumulator accumulator = Accumulator::full;
  std::size_t m = 0, n = 0, k = 0;
  std::size_t lda = 0, ldb = 0, ldc = 0;
  bool aligned = true;  // A, B and C start on 16-byte boundaries
  // A has 2:4 structured sparsity and is compressed: at Operands::a is what pruning.h packs, with lda = K/2.
  bool sparse = false;
  auto operator<=>(const GemmShape&) const = default;
};

// STREAM's names, with BabelStream's dot, in doubles. read: XOR of all words into partial results of 32 bits;
// write: one repeated word; copy: out = a; scale: out = 2 a; add: out = a + b; triad: out = a + 2 b (2, so
// that a fused and an unfused multiply-add agree bit for bit); dot: sums of a b into partial results.
enum class Stream : std::uint8_t { read, write, copy, scale, add, triad, dot };

inline constexpr std::uint32_t streamWord = 0x5a17c0deu;  // what `write` writes
inline constexpr std::size_t mostPartials = 16384;        // partial results that `read` and `dot` may write
inline constexpr std::uint32_t poisonWord =
    0x7fff7fffu;  // a NaN in every float format, and no sum of small integers

// Whose working set a cache row sweeps: one of each core (of a GPU, multiprocessor), or one of the whole
// device.
enum class Scope : std::uint8_t { core, device };

// `sets` working sets side by side, each walked through `passes` times in one launch. read: the sum of all
// 64-bit words, modulo 2^64, in up to sweepPartials parts at `out`; copy: out = a.
struct Sweep {
  Stream stream = Stream::read;
  Scope scope = Scope::core;
  std::size_t sets = 1, bytes = 0;  // of one array of one set
  std::size_t passes = 1;
};

inline constexpr std::size_t sweepPartials = 4096;  // 64-bit words

// What a chase leaves at `out`: each launch goes on where the one before it ended.
struct ChaseState {
  std::uint64_t at = 0;     // the address of a node, whose first word is the address of the next
  std::uint64_t steps = 0;  // taken so far, by all launches
};

// Instructions of the DPX family, by the functions of the CUDA Math API. addMax: __viaddmax_s32; addMax16 and
// addMax16Relu: __viaddmax_s16x2 and its _relu, two halves in a word; max3: __vimax3_s32 and __vimin3_s32.
enum class DpxFunction : std::uint8_t { addMax, addMax16, addMax16Relu, max3 };

// Chains of them on registers alone, in `blocks` blocks that all work on the same words. A thread has a ring
// of `chains` words x and takes `steps` steps, each on the whole ring: even ones make x[i] = max(x[i] + up,
// x[i+1]), odd ones x[i] = max(x[i] + down, x[i+1]), where x[i+1] is that of the step before. max3 takes
// turns with max(x[i], x[i+1], x[i+2]) and the same minimum. Word w of thread t lies at w * threads + t: in
// `a` its ring, `up` and `down`, in `out` its ring, block after block.
struct DpxLoop {
  DpxFunction function = DpxFunction::addMax;
  std::size_t blocks = 1, steps = 0;
  static constexpr std::size_t threads = 256, chains = 8, inputs = chains + 2;
  static constexpr std::size_t stepsPerRound = 16;  // `steps` is a multiple of it
};

// How a launch reaches the device: one kernel by itself, or a recorded graph of kernels.
enum class Submission : std::uint8_t { kernel, graph };

enum class Direction : std::uint8_t { hostToDevice, deviceToHost, both };
// Pinned memory lies on the device's own NUMA node where one is known; `far` is pinned on another.
enum class HostMemory : std::uint8_t { pinned, pageable, far };

}  // namespace nameplate
