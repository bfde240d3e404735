// DPX rows: an add and a maximum in one instruction, or a maximum of three, on registers alone.
//
// Hopper brought instructions for dynamic programming, and older devices take several others for each. What
// is timed is how many a device does in all. All blocks work on the same words: so a plain loop over one
// block's is enough to check every word that every thread leaves.
#include <algorithm>
#include <array>
#include <type_traits>

#include "backend.h"
#include "random.h"
#include "workload.h"

namespace nameplate {
namespace {

using Words = std::vector<std::uint32_t>;
constexpr std::size_t threads = DpxLoop::threads, chains = DpxLoop::chains, inputs = DpxLoop::inputs;
// Resident at once on every device since Volta, so that no multiprocessor waits for another's last block: 32
// warps, each with eight independent instructions under way.
constexpr std::size_t blocksPerMultiprocessor = 4;
// So that no sum of addMax leaves 32 bits: half of the steps add at most mostAddend to at most 2^20. Where
// DPX is emulated that sum is one of C++'s, and nothing says what its overflow is. Halves of a word do wrap
// around.
constexpr std::size_t mostSteps = std::size_t{1} << 16;
constexpr std::uint64_t mostAddend = 0x7fff;

// Of many sizes: some halves wrap around at once, and others never do.
std::int32_t addend(std::uint64_t seed, std::size_t index) {
  const std::uint64_t draw = mix(seed, index);
  return static_cast<std::int32_t>(((draw & mostAddend) >> (draw >> 32) % 15) | 1);
}

// What all blocks begin with, as DpxLoop lays it out.
Words startOf(DpxFunction function, std::uint64_t seed) {
  const bool addsWords = function == DpxFunction::addMax;
  Words words(inputs * threads);
  for (std::size_t i = 0; i < chains * threads; ++i) {
    const auto bits = static_cast<std::int32_t>(mix(seed, i));
    words[i] = static_cast<std::uint32_t>(addsWords ? bits >> 11 : bits);
  }
  for (std::size_t i = chains * threads; i < words.size(); ++i) {
    const std::int32_t sign = i < (chains + 1) * threads ? 1 : -1;
    const auto low = static_cast<std::uint32_t>(sign * addend(seed, 2 * i));
    const auto high = static_cast<std::uint32_t>(sign * addend(seed, 2 * i + 1));
    words[i] = addsWords ? low : (low & 0xffff) | high << 16;
  }
  return words;
}

// The rings of one block, in elements: words, or halves of words.
template <typename Element>
class Rings {
 public:
  explicit Rings(const Words& words) : at_(words.size() * parts) {
    for (std::size_t i = 0; i < at_.size(); ++i)
      at_[i] = static_cast<Element>(words[i / parts] >> (i % parts * 16));
  }

  // x = step(x, addend, x of the next chain, x of the one after), all at once.
  template <typename Step>
  void turn(std::size_t way, Step step) {
    std::array<Element, chains * row> after;
    for (std::size_t i = 0; i < chains; ++i) {
      const Element* const x = &at_[i * row];
      const Element* const addends = &at_[(chains + way) * row];
      const Element* const next = &at_[(i + 1) % chains * row];
      const Element* const beyond = &at_[(i + 2) % chains * row];
      for (std::size_t e = 0; e < row; ++e) after[i * row + e] = step(x[e], addends[e], next[e], beyond[e]);
    }
    std::ranges::copy(after, at_.begin());
  }

  Words words() const {
    Words words(chains * threads);
    for (std::size_t i = 0; i < words.size() * parts; ++i)
      words[i / parts] |= std::uint32_t{static_cast<std::make_unsigned_t<Element>>(at_[i])}
                          << (i % parts * 16);
    return words;
  }

 private:
  static constexpr std::size_t parts = sizeof(std::uint32_t) / sizeof(Element), row = threads * parts;
  std::vector<Element> at_;
};

template <typename Element, typename Even, typename Odd>
Words leftBy(const Words& start, std::size_t steps, Even even, Odd odd) {
  Rings<Element> rings(start);
  for (std::size_t step = 0; step < steps; step += 2) {
    rings.turn(0, even);
    rings.turn(1, odd);
  }
  return rings.words();
}

// Modulo the number of an element's values, as in two's complement.
template <typename Element>
Element sum(Element a, Element b) {
  using Bits = std::make_unsigned_t<Element>;
  return static_cast<Element>(static_cast<Bits>(a) + static_cast<Bits>(b));
}

// What every block leaves, by what the CUDA Math API says of each function (groups "SIMD Intrinsics").
Words expectedOf(DpxFunction function, const Words& start, std::size_t steps) {
  const auto addMax = [](auto x, auto addend, auto next, auto) { return std::max(sum(x, addend), next); };
  switch (function) {
    case DpxFunction::addMax:
      return leftBy<std::int32_t>(start, steps, addMax, addMax);
    case DpxFunction::addMax16:
      return leftBy<std::int16_t>(start, steps, addMax, addMax);
    case DpxFunction::addMax16Relu: {
      const auto relu = [=](std::int16_t x, std::int16_t addend, std::int16_t next, std::int16_t beyond) {
        return std::max<std::int16_t>(addMax(x, addend, next, beyond), 0);
      };
      return leftBy<std::int16_t>(start, steps, relu, relu);
    }
    case DpxFunction::max3:
      return leftBy<std::int32_t>(
          start, steps, [](auto x, auto, auto y, auto z) { return std::max(std::max(x, y), z); },
          [](auto x, auto, auto y, auto z) { return std::min(std::min(x, y), z); });
  }
  return {};
}

class DpxTrial : public Trial {
 public:
  DpxTrial(Device& device, const DpxLoop& loop, std::uint64_t seed, const std::string& provider)
      : device_(device),
        loop_(loop),
        kernel_(device.dpx(loop, provider)),
        start_(startOf(loop.function, seed)),
        in_(device.allocate(start_.size() * sizeof(std::uint32_t))),
        out_(device.allocate(outBytes())),
        verified_(device.allocate(outBytes())) {
    device.write(*in_, 0, start_.data(), in_->bytes());
  }

  const Kernel& kernel() const override { return kernel_; }

  Work work() const override {
    const bool halves =
        loop_.function == DpxFunction::addMax16 || loop_.function == DpxFunction::addMax16Relu;
    const auto calls = static_cast<double>(loop_.blocks * threads * chains * loop_.steps);
    return {.flop = calls * (halves ? 2 : 1),
            .flopCounted = counted(),
            .bytes = static_cast<double>(in_->bytes() * loop_.blocks + outBytes()),
            .bytesCounted = "words read before and written after, by all blocks; between, registers alone",
            .workingSetBytes = static_cast<double>(in_->bytes() + outBytes())};
  }

  void launch(std::size_t) override { kernel_.launch({out_->address(), in_->address(), 0}); }

  Verification verify() override {
    poison();
    launch(0);
    device_.synchronize();
    Verification verification = compare();
    if (verification.passed()) device_.copy(*verified_, 0, *out_, 0, outBytes());
    return verification;
  }

  void poison() override { device_.fill(*out_, poisonWord); }

  void verifyTimed(Verification& verification, std::size_t) override {
    const Mismatch found = device_.compare(*verified_, *out_, outBytes());
    verification.differs(found, found.firstWord, placeOf(found.firstWord), hex(found.expected));
  }

  Damaged restore(Verification& found) override {
    Words words(start_.size());
    device_.read(*in_, 0, words.data(), in_->bytes());
    found.compareWords<std::uint32_t>(
        words, [this](std::size_t i) { return start_[i]; },
        [](std::size_t i) {
          return "word " + std::to_string(i / threads) + " of thread " + std::to_string(i % threads) +
                 " at the start";
        });
    if (!found.passed()) {
      device_.write(*in_, 0, start_.data(), in_->bytes());
      return Damaged::input;
    }
    poison();
    launch(0);
    device_.synchronize();
    const Mismatch lost = device_.compare(*out_, *verified_, outBytes());
    if (lost.count == 0 || !compare().passed()) return Damaged::output;
    found.differs(lost, lost.firstWord, placeOf(lost.firstWord), hex(lost.expected));
    device_.copy(*verified_, 0, *out_, 0, outBytes());
    return Damaged::verified;
  }

 private:
  std::string counted() const {
    switch (loop_.function) {
      case DpxFunction::addMax:
        return "an operation is one __viaddmax_s32: an add and a maximum of 32 bits";
      case DpxFunction::addMax16:
        return "an operation is an add and a maximum of 16 bits; one __viaddmax_s16x2 is two";
      case DpxFunction::addMax16Relu:
        return "an operation is an add and a maximum of 16 bits, not below 0; one __viaddmax_s16x2_relu is "
               "two";
      case DpxFunction::max3:
        return "an operation is one __vimax3_s32 or __vimin3_s32, in turns: the greatest or least of three "
               "words";
    }
    return "";
  }

  std::size_t outBytes() const { return loop_.blocks * chains * threads * sizeof(std::uint32_t); }

  static std::string placeOf(std::size_t word) {
    return "chain " + std::to_string(word / threads % chains) + " of thread " +
           std::to_string(word % threads) + " of block " + std::to_string(word / threads / chains);
  }

  Verification compare() {
    Verification verification;
    verification.method =
        "what every chain of every thread left, against the documented functions in a loop on the host";
    verification.bound = "exact";
    const Words expected = expectedOf(loop_.function, start_, loop_.steps);
    Words words(outBytes() / sizeof(std::uint32_t));
    device_.read(*out_, 0, words.data(), outBytes());
    verification.compareWords<std::uint32_t>(
        words, [&](std::size_t i) { return expected[i % expected.size()]; }, placeOf);
    return verification;
  }

  Device& device_;
  DpxLoop loop_;
  Kernel kernel_;
  Words start_;
  std::unique_ptr<Buffer> in_, out_, verified_;
};

}  // namespace

Workload dpxWorkload(Device& device, const DpxOperation& operation, const Shape& shape, Data,
                     std::uint64_t seed) {
  if (shape.steps == 0 || shape.steps % DpxLoop::stepsPerRound != 0 || shape.steps > mostSteps)
    throw Error("ERANGE", "a DPX row takes a multiple of " + std::to_string(DpxLoop::stepsPerRound) +
                              " steps, at most " + std::to_string(mostSteps));
  const DpxLoop loop{operation.function, blocksPerMultiprocessor * device.sets(Scope::core), shape.steps};
  return [&device, loop, seed](const std::string& provider) {
    return std::make_unique<DpxTrial>(device, loop, seed, provider);
  };
}

}  // namespace nameplate
