// What is measured, apart from when: inputs, outputs, and the proof that the outputs are right.
//
// A Workload holds the inputs of one operation on one device, made once and shared by every provider, so that
// providers are compared on the same bits at the same addresses. A Trial is one provider on that workload,
// with outputs of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "backend.h"
#include "operations.h"

namespace nameplate {

enum class Data : std::uint8_t { uniform, normal, integers, zeros };

struct Shape {
  std::size_t m = 0, n = 0, k = 0;  // GEMM
  std::string peer{};               // peer: the other device; empty where there is none
  std::size_t kernels = 0;          // launch: in one launch
  std::size_t steps = 0;            // dpx: of each chain, in one launch
  std::size_t bytes = 0;            // memory: of one array; link: of one copy; cache, latency: working set
  bool operator==(const Shape&) const = default;
};

// FLOP and bytes are of one launch, declared here and nowhere else.
struct Work {
  double flop = 0;            // integer operations too
  std::string flopCounted{};  // what one of them is; empty where it is plain
  double bytes = 0;
  std::string bytesCounted;
  double workingSetBytes = 0;
  std::size_t rotations = 1;
  std::size_t steps = 0;  // what a latency is the time of: accesses or launches, each after the one before
  std::optional<std::array<std::size_t, 3>> leadingDimensions{};
  std::string accumulator{}, output{};  // empty where there is none
};

// "0x7fff7fff": the bits of a word.
std::string hex(std::uint64_t word);

struct Verification {
  std::string method;
  std::size_t compared = 0;
  std::optional<double> worst{};  // largest error as a share of its bound
  std::string bound{};
  std::size_t differences = 0;
  struct Difference {
    std::size_t index;  // in the order of the output, for finding the first
    std::string at, expected, actual;
  };
  std::optional<Difference> first{};
  bool timedLaunchesCompared = false;
  std::optional<std::size_t> sumBits{};  // of FP8: sum_bits.h

  bool passed() const { return differences == 0; }
  // Adds what a later check of the same output found.
  void add(const Verification& later);
  // `at` says where, in words: "row 3, column 17".
  void differs(std::size_t index, std::string at, std::string expected, std::string actual);
  // The same of what a comparison on the device found, in which `at` and `expected` are of the first word.
  void differs(const Mismatch&, std::size_t index, std::string at, std::string expected);
  // Compares words of the output, number `from` of it and on, with those that expectedOf(number) gives. Only
  // the first that differs is put into words, by placeOf(number): an output that is wrong everywhere would
  // take minutes.
  template <typename Word, typename Expected, typename Place>
  void compareWords(std::span<const Word> words, Expected expectedOf, Place placeOf, std::size_t from = 0) {
    bool found = false;
    for (std::size_t i = 0; i < words.size(); ++i) {
      const Word expected = expectedOf(from + i);
      if (words[i] == expected) continue;
      if (found)
        ++differences;
      else
        differs(from + i, placeOf(from + i), hex(expected), hex(words[i]));
      found = true;
    }
    compared += words.size();
  }
};

// "64-bit word 5".
std::string wordText(std::size_t index);

// What a wrong bit was found in.
enum class Damaged : std::uint8_t { output, input, verified };

class Trial {
 public:
  virtual ~Trial() = default;
  virtual const Kernel& kernel() const = 0;
  virtual Work work() const = 0;
  // Enqueues one launch; `index` walks through the buffer sets.
  virtual void launch(std::size_t index) = 0;
  // Poisons the outputs, launches once on each buffer set, compares with the reference, and keeps the
  // verified output.
  virtual Verification verify() = 0;
  // Fills the outputs with what no launch writes: what stays unwritten is then found.
  virtual void poison() = 0;
  // After launches 0 to `launches` - 1, the only ones since poison(): compares what they left with the
  // verified output, bit by bit, on the device.
  virtual void verifyTimed(Verification&, std::size_t launches) = 0;
  // After timed launches that left other bits: whether what outlasts a launch, inputs and verified output, is
  // still what it was. Adds what is not and puts it right: one upset would be found again after every launch.
  // Latencies and launches, which only wait, are not soaked and have none.
  virtual Damaged restore(Verification&) { return Damaged::output; }
};

// Gives the Trial of one provider; throws Unsupported where the provider cannot. The Device outlives it.
using Workload = std::function<std::unique_ptr<Trial>(const std::string& provider)>;

Workload makeWorkload(Device&, const Operation&, const Shape&, Data, std::uint64_t seed);

Workload gemmWorkload(Device&, const GemmOperation&, const Shape&, Data, std::uint64_t seed);
Workload memoryWorkload(Device&, const MemoryOperation&, const Shape&, Data, std::uint64_t seed);
Workload cacheWorkload(Device&, const CacheOperation&, const Shape&, Data, std::uint64_t seed);
Workload latencyWorkload(Device&, const LatencyOperation&, const Shape&, Data, std::uint64_t seed);
Workload launchWorkload(Device&, const LaunchOperation&, const Shape&, Data, std::uint64_t seed);
Workload dpxWorkload(Device&, const DpxOperation&, const Shape&, Data, std::uint64_t seed);
Workload peerWorkload(Device&, const PeerOperation&, const Shape&, Data, std::uint64_t seed);
Workload linkWorkload(Device&, const LinkOperation&, const Shape&, Data, std::uint64_t seed);

}  // namespace nameplate
