// What STREAM's operations, and BabelStream's dot, are to leave of seeded inputs.
#pragma once

#include <bit>
#include <cstdint>
#include <optional>
#include <vector>

#include "cpu/threads.h"
#include "kernel.h"
#include "random.h"

namespace nameplate {

// What a launch leaves: an array, or partial results whose XOR or sum is the result.
enum class Result : std::uint8_t { array, fold, sum };

struct StreamRow {
  int inputs;
  Result result;
  double flop;  // of each 64-bit element
  const char* counted;
  // An element of the result, or a term of its sum. Each is one rounding or none, so that every device must
  // agree with it bit for bit.
  double (*element)(double a, double b);

  double arrays() const { return inputs + (result == Result::array ? 1 : 0); }
};

const StreamRow& streamRow(Stream);

// Of inputs of `words` 64-bit words each. Input i holds the words of the pattern for the seed `seed` + i, of
// which the bits of mask() are kept.
class StreamReference {
 public:
  StreamReference(Stream, std::size_t words, std::uint64_t seed);

  // A sum is compared to the last bit too, which asks for terms that add up exactly.
  std::uint64_t mask() const { return row_.result == Result::sum ? shortMantissa : ~std::uint64_t{0}; }
  std::uint64_t inputWord(std::size_t input, std::size_t index) const {
    return patternWord(seed_ + input, index) & mask();
  }
  std::uint64_t outputWord(std::size_t index) const { return std::bit_cast<std::uint64_t>(element(index)); }

  // Of all elements, the same for every launch: computed when first asked for, which takes as long as to
  // compute them.
  std::uint32_t fold(cpu::Threads&);
  double sum(cpu::Threads&);

 private:
  double element(std::size_t index) const {
    const auto input = [&](int i) {
      return i < row_.inputs ? std::bit_cast<double>(inputWord(static_cast<std::size_t>(i), index)) : 0.0;
    };
    return row_.element(input(0), input(1));
  }
  template <class Value, class Add>
  std::vector<Value> shares(cpu::Threads&, Add add) const;

  const StreamRow& row_;
  std::size_t words_;
  std::uint64_t seed_;
  std::optional<std::uint32_t> fold_;
  std::optional<double> sum_;
};

}  // namespace nameplate
