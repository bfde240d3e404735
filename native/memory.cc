// Memory rows: STREAM's operations over arrays that no cache holds, each verified word by word.
//
// Bytes are STREAM's (J. McCalpin): what the program asks to move, so copy counts its read and its write.
// Whatever a cache moves besides (a CPU reads a line before it overwrites it) is not counted.
#include <algorithm>
#include <array>
#include <bit>

#include "backend.h"
#include "cpu/threads.h"
#include "random.h"
#include "workload.h"

namespace nameplate {
namespace {

struct StreamRow {
  int inputs;
  bool writesArray;
  double arraysMoved;
  const char* counted;
};

constexpr std::array<StreamRow, 4> rows{{
    {1, false, 1, "each byte read once"},
    {0, true, 1, "each byte written once"},
    {1, true, 2, "bytes read plus bytes written"},
    {2, true, 3, "bytes of two arrays read plus one written"},
}};

// Below four times the cache, part of what is measured is the cache.
constexpr double leastCaches = 4;

class MemoryTrial : public Trial {
 public:
  MemoryTrial(Device& device, Stream stream, std::size_t bytes, std::uint64_t seed,
              const std::string& provider)
      : device_(device),
        row_(rows[static_cast<std::size_t>(stream)]),
        stream_(stream),
        bytes_(bytes),
        seed_(seed),
        kernel_(device.stream(stream, bytes, provider)) {
    for (int input = 0; input < row_.inputs; ++input) {
      inputs_.push_back(device.allocate(bytes));
      device.fillPattern(*inputs_.back(), seed + static_cast<std::uint64_t>(input));
    }
    out_ = device.allocate(outBytes());
    if (row_.writesArray) verified_ = device.allocate(outBytes());
  }

  const Kernel& kernel() const override { return kernel_; }

  Work work() const override {
    return {.flop = stream_ == Stream::triad ? 2 * static_cast<double>(bytes_) / 8 : 0,
            .bytes = row_.arraysMoved * static_cast<double>(bytes_),
            .bytesCounted = row_.counted,
            .workingSetBytes = row_.arraysMoved * static_cast<double>(bytes_),
            .rotations = 1};
  }

  void launch(std::size_t) override {
    const auto input = [this](std::size_t i) { return i < inputs_.size() ? inputs_[i]->address() : 0; };
    kernel_.launch({out_->address(), input(0), input(1)});
  }

  Verification verify() override {
    poison();
    launch(0);
    device_.synchronize();
    Verification verification = compare();
    if (verified_ && verification.passed()) device_.copy(*verified_, 0, *out_, 0, outBytes());
    return verification;
  }

  // The partial results of a read may lie differently in each launch; their XOR may not.
  void verifyTimed(Verification& verification) override {
    if (verified_)
      compareVerified(verification);
    else
      verification.add(compare());
    verification.timedLaunchesCompared = true;
  }

  // read XORs its partial results, so what it does not write must be zero.
  void poison() override { device_.fill(*out_, row_.writesArray ? poisonWord : 0); }

 private:
  std::size_t outBytes() const { return row_.writesArray ? bytes_ : readPartials * sizeof(std::uint32_t); }

  std::uint64_t expectedWord(std::size_t index) const {
    switch (stream_) {
      case Stream::read:
      case Stream::copy:
        return patternWord(seed_, index);
      case Stream::write:
        return streamWord * 0x100000001ull;
      case Stream::triad:
        return std::bit_cast<std::uint64_t>(std::bit_cast<double>(patternWord(seed_, index)) +
                                            2 * std::bit_cast<double>(patternWord(seed_ + 1, index)));
    }
    return 0;
  }

  Verification compare() {
    Verification verification;
    verification.bound = "exact";
    if (row_.writesArray) {
      verification.method = "every word of the output against the one computed from the seed";
      compareArray(verification);
    } else {
      verification.method = "XOR of all words against the one computed from the seed";
      compareFold(verification);
    }
    verification.compared = bytes_ / sizeof(std::uint64_t);
    return verification;
  }

  void compareVerified(Verification& verification) {
    const Mismatch mismatch = device_.compare(*verified_, *out_, outBytes());
    if (mismatch.count == 0) return;
    verification.differs(mismatch.firstWord / 2, "64-bit word " + std::to_string(mismatch.firstWord / 2),
                         "the 32-bit word " + hex(mismatch.expected) + " of the verified launch",
                         hex(mismatch.actual));
    verification.differences += mismatch.count - 1;
  }

  void compareArray(Verification& verification) {
    constexpr std::size_t chunkWords = std::size_t{1}
                                       << 21;  // 16 MiB at a time: the host may be short of memory
    std::vector<std::uint64_t> words(std::min(chunkWords, bytes_ / 8));
    for (std::size_t from = 0; from < bytes_ / 8; from += chunkWords) {
      const std::size_t n = std::min(chunkWords, bytes_ / 8 - from);
      device_.read(*out_, from * 8, words.data(), n * 8);
      std::vector<Verification> found(threads_.count());
      threads_.shares(n, 512, [&](std::size_t share, std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i)
          if (words[i] != expectedWord(from + i))
            found[share].differs(from + i, "64-bit word " + std::to_string(from + i),
                                 hex(expectedWord(from + i)), hex(words[i]));
      });
      for (const Verification& part : found) {
        verification.differences += part.differences;
        if (part.first && !verification.first) verification.first = part.first;
      }
    }
  }

  void compareFold(Verification& verification) {
    std::vector<std::uint32_t> partials(readPartials);
    device_.read(*out_, 0, partials.data(), partials.size() * sizeof partials[0]);
    std::uint32_t actual = 0;
    for (const std::uint32_t partial : partials) actual ^= partial;
    std::vector<std::uint64_t> folds(threads_.count());
    threads_.shares(bytes_ / 8, 512, [&](std::size_t share, std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) folds[share] ^= expectedWord(i);
    });
    std::uint64_t fold = 0;
    for (const std::uint64_t part : folds) fold ^= part;
    const auto expected = static_cast<std::uint32_t>(fold ^ (fold >> 32));
    if (actual != expected) verification.differs(0, "the XOR of all words", hex(expected), hex(actual));
  }

  Device& device_;
  StreamRow row_;
  Stream stream_;
  std::size_t bytes_;
  std::uint64_t seed_;
  Kernel kernel_;
  cpu::Threads threads_;
  std::vector<std::unique_ptr<Buffer>> inputs_;
  std::unique_ptr<Buffer> out_, verified_;
};

}  // namespace

Workload memoryWorkload(Device& device, const MemoryOperation& operation, const Shape& shape, Data,
                        std::uint64_t seed) {
  const std::size_t bytes = shape.bytes / 16 * 16;
  if (bytes == 0) throw Error("ERANGE", "a memory row needs arrays of at least 16 bytes");
  const StreamRow& row = rows[static_cast<std::size_t>(operation.stream)];
  const double cache = device.facts().l2Bytes;
  if (row.arraysMoved * static_cast<double>(bytes) < leastCaches * cache)
    throw Unsupported(
        "the arrays would fit in cache (" + std::to_string(bytes) + " bytes each, last-level cache " +
        std::to_string(static_cast<std::size_t>(cache)) + "): ask for at least " +
        std::to_string(static_cast<std::size_t>(leastCaches * cache / row.arraysMoved)) + " bytes");
  return [&device, operation, bytes, seed](const std::string& provider) {
    return std::make_unique<MemoryTrial>(device, operation.stream, bytes, seed, provider);
  };
}

}  // namespace nameplate
