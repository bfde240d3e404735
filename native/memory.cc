// Memory rows: STREAM's operations and BabelStream's dot over arrays that no cache holds, each verified.
//
// Bytes are STREAM's (J. McCalpin): what the program asks to move, so copy counts its read and its write.
// Whatever a cache moves besides (a CPU reads a line before it overwrites it) is not counted.
#include <algorithm>
#include <bit>
#include <cmath>

#include "array.h"
#include "stream_reference.h"
#include "workload.h"

namespace nameplate {
namespace {

// Below four times the cache, part of what is measured is the cache.
constexpr double leastCaches = 4;
constexpr std::size_t grain = 64;  // of a size that is asked for, see bytesMultiple of src/usage.ts
// Where the system tells of no cache, as some virtual machines do. src/sizes.ts assumes the same.
constexpr double assumedCache = 64 << 20;

class MemoryTrial : public Trial {
 public:
  MemoryTrial(Device& device, Stream stream, std::size_t bytes, std::uint64_t seed,
              const std::string& provider)
      : device_(device),
        row_(streamRow(stream)),
        bytes_(bytes),
        seed_(seed),
        reference_(stream, bytes / sizeof(std::uint64_t), seed),
        inputs_(allocateInputs()),
        out_(device.allocate(outBytes())),
        kernel_(makeKernel(stream, provider)) {
    if (row_.result == Result::array) verified_ = device.allocate(bytes);
    for (std::size_t i = 0; i < inputs_.size(); ++i) fillInput(*inputs_[i], i);
  }

  const Kernel& kernel() const override { return kernel_; }

  Work work() const override {
    return {.flop = row_.flop * static_cast<double>(bytes_) / 8,
            .bytes = row_.arrays() * static_cast<double>(bytes_),
            .bytesCounted = row_.counted,
            .workingSetBytes = row_.arrays() * static_cast<double>(bytes_),
            .rotations = 1};
  }

  void launch(std::size_t) override { kernel_.launch(operands()); }

  Verification verify() override {
    poison();
    launch(0);
    device_.synchronize();
    Verification verification = compare();
    if (verified_ && verification.passed()) device_.copy(*verified_, 0, *out_, 0, bytes_);
    return verification;
  }

  // Partial results may lie differently in each launch; their XOR or sum may not.
  void verifyTimed(Verification& verification, std::size_t) override {
    if (verified_)
      compareVerified(verification);
    else
      verification.add(compare());
  }

  Damaged restore(Verification& found) override {
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      Verification input;
      compareInput(i, input);
      if (!input.passed()) fillInput(*inputs_[i], i);
      found.add(input);
    }
    if (!found.passed()) return Damaged::input;
    return verified_ && restoreVerified(found) ? Damaged::verified : Damaged::output;
  }

  // A partial result that no block writes must not count.
  void poison() override { device_.fill(*out_, row_.result == Result::array ? poisonWord : 0); }

 private:
  std::vector<std::unique_ptr<Buffer>> allocateInputs() {
    std::vector<std::unique_ptr<Buffer>> inputs;
    for (int i = 0; i < row_.inputs; ++i) inputs.push_back(device_.allocate(bytes_));
    return inputs;
  }

  Kernel makeKernel(Stream stream, const std::string& provider) {
    const Operands on = operands();
    Kernel kernel = device_.stream(stream, bytes_, provider, &on);
    const std::string where = (inputs_.empty() ? *out_ : *inputs_.front()).where();
    if (!where.empty()) kernel.note += (kernel.note.empty() ? "" : "; ") + ("the arrays lie " + where);
    return kernel;
  }

  Operands operands() const {
    const auto input = [this](std::size_t i) { return i < inputs_.size() ? inputs_[i]->address() : 0; };
    return {out_->address(), input(0), input(1)};
  }

  std::size_t outBytes() const {
    switch (row_.result) {
      case Result::array:
        return bytes_;
      case Result::fold:
        return mostPartials * sizeof(std::uint32_t);
      case Result::sum:
        return mostPartials * sizeof(double);
    }
    return 0;
  }

  void fillInput(Buffer& buffer, std::size_t input) {
    device_.fillPattern(buffer, seed_ + input, reference_.mask());
  }

  Verification compare() {
    Verification verification;
    verification.bound = "exact";
    switch (row_.result) {
      case Result::array:
        verification.method = "every word of the output against the one computed from the seed";
        compareOutput(verification);
        break;
      case Result::fold:
        verification.method = "XOR of all words against the one computed from the seed";
        verification.compared = bytes_ / sizeof(std::uint64_t);
        compareFold(verification);
        break;
      case Result::sum:
        verification.method =
            "sum of all products against the one computed from the seed; the inputs have eight random bits "
            "of mantissa, with which it is exact in any order";
        verification.compared = bytes_ / sizeof(std::uint64_t);
        compareSum(verification);
        break;
    }
    return verification;
  }

  void compareVerified(Verification& verification) {
    differs(device_.compare(*verified_, *out_, bytes_), "", " of the verified launch", verification);
  }

  static void differs(const Mismatch& mismatch, const std::string& of, const char* expectedOf,
                      Verification& found) {
    found.differs(mismatch, mismatch.firstWord / 2, of + wordText(mismatch.firstWord / 2),
                  "the 32-bit word " + hex(mismatch.expected) + expectedOf);
  }

  // On the device, where the compared output has room for what the input should be.
  void compareInput(std::size_t i, Verification& found) {
    const std::string name = "input " + std::to_string(i + 1) + ", ";
    if (!verified_)
      return compareWith(
          *inputs_[i], [&](std::size_t index) { return reference_.inputWord(i, index); }, name, found);
    fillInput(*out_, i);
    differs(device_.compare(*out_, *inputs_[i], bytes_), name, "", found);
  }

  bool restoreVerified(Verification& found) {
    poison();
    launch(0);
    device_.synchronize();
    const Mismatch mismatch = device_.compare(*out_, *verified_, bytes_);
    if (mismatch.count == 0) return false;
    Verification now;
    compareOutput(now);
    if (!now.passed()) return false;
    differs(mismatch, "", " of a launch that is right", found);
    device_.copy(*verified_, 0, *out_, 0, bytes_);
    return true;
  }

  void compareOutput(Verification& verification) {
    compareWith(*out_, [this](std::size_t index) { return reference_.outputWord(index); }, "", verification);
  }

  template <class WordOf>
  void compareWith(const Buffer& array, WordOf wordOf, const std::string& name, Verification& found) {
    compareArray(
        device_, threads_, array, 0, bytes_ / 8, wordOf,
        [&name](std::size_t i) { return name + wordText(i); }, found);
  }

  template <class Partial>
  std::vector<Partial> partials() {
    std::vector<Partial> all(mostPartials);
    device_.read(*out_, 0, all.data(), all.size() * sizeof all[0]);
    return all;
  }

  void compareFold(Verification& verification) {
    std::uint32_t actual = 0;
    for (const std::uint32_t partial : partials<std::uint32_t>()) actual ^= partial;
    const std::uint32_t expected = reference_.fold(threads_);
    if (actual != expected) verification.differs(0, "the XOR of all words", hex(expected), hex(actual));
  }

  void compareSum(Verification& verification) {
    double actual = 0;
    for (const double partial : partials<double>()) actual += partial;
    const double expected = reference_.sum(threads_);
    if (std::bit_cast<std::uint64_t>(actual) != std::bit_cast<std::uint64_t>(expected))
      verification.differs(0, "the sum of all products", std::to_string(expected), std::to_string(actual));
  }

  Device& device_;
  const StreamRow& row_;
  std::size_t bytes_;
  std::uint64_t seed_;
  StreamReference reference_;
  cpu::Threads threads_;
  std::vector<std::unique_ptr<Buffer>> inputs_;
  std::unique_ptr<Buffer> out_, verified_;
  Kernel kernel_;
};

}  // namespace

Workload memoryWorkload(Device& device, const MemoryOperation& operation, const Shape& shape, Data,
                        std::uint64_t seed) {
  const std::size_t bytes = shape.bytes;
  if (bytes == 0 || bytes % sizeof(double) != 0)
    throw Error("EINVAL", "a memory row moves whole 64-bit words: " + std::to_string(bytes) +
                              " bytes is not a multiple of 8 above 0");
  const StreamRow& row = streamRow(operation.stream);
  if (row.result == Result::sum && bytes / sizeof(double) > mostShortProducts)
    throw Error("ERANGE", "the sum of more than " + std::to_string(mostShortProducts) +
                              " products is not exact, and could not be verified: ask for at most " +
                              std::to_string(mostShortProducts * sizeof(double)) + " bytes");
  const double known = device.facts().l2Bytes, cache = known > 0 ? known : assumedCache;
  // In whole steps, or what is recommended here would be refused for its size.
  const std::size_t leastBytes =
      static_cast<std::size_t>(std::ceil(leastCaches * cache / row.arrays() / grain)) * grain;
  if (bytes < leastBytes)
    throw Unsupported("the arrays would fit in cache (" + std::to_string(bytes) +
                      " bytes each, last-level cache " + std::to_string(static_cast<std::size_t>(cache)) +
                      (known > 0 ? "" : ", assumed, as the system does not tell") + "): ask for at least " +
                      std::to_string(leastBytes) + " bytes");
  return [&device, operation, bytes, seed](const std::string& provider) {
    return std::make_unique<MemoryTrial>(device, operation.stream, bytes, seed, provider);
  };
}

}  // namespace nameplate
