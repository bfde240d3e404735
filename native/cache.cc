// Cache rows: working sets that stay where they fit, walked through many times in one launch.
//
// A launch that walked through 32 KiB once would time the launch. What is swept is a size: of a set of each
// core's (multiprocessor's) own, or of one set that the whole device shares. Which cache answers is not
// asked here: the sizes at which the rate falls are found by whoever has several rows.
#include <algorithm>

#include "backend.h"
#include "cpu/memory.h"
#include "pattern.h"
#include "random.h"
#include "workload.h"

namespace nameplate {
namespace {

constexpr std::size_t grain = 64;
// What a walker, a core or a multiprocessor, moves in one launch: some hundred microseconds in the nearest
// cache. One set of all has as many walkers as there are sets of their own: H200's L2 gives them as much in
// seven microseconds as one L1 in three hundred, and the gaps between launches would be timed.
constexpr std::size_t walkedBytes = std::size_t{64} << 20;
// A buffer of at least a huge page gets huge ones. In small ones a set is scattered over the memory, and
// scattered pages contend for the lines of a cache long before they fill it.
constexpr std::size_t leastBuffer = std::size_t{2} << 20;

class CacheTrial : public Trial {
 public:
  CacheTrial(Device& device, const Sweep& sweep, std::uint64_t seed, const std::string& provider)
      : device_(device), sweep_(sweep), seed_(seed), kernel_(device.sweep(sweep, provider)) {
    in_ = device.allocate(std::max(leastBuffer, arrayBytes()));
    out_ = device.allocate(std::max(leastBuffer, copies() ? arrayBytes() : sweepPartials * 8));
    device.fillPattern(*in_, seed);
    for (std::size_t i = 0; i < arrayBytes() / 8; ++i) sum_ += patternWord(seed, i);
    sum_ *= sweep.passes;
    if (const std::string where = in_->where(); !where.empty()) kernel_.note = "working set " + where;
  }

  const Kernel& kernel() const override { return kernel_; }

  Work work() const override {
    const double moved = static_cast<double>(arrayBytes() * sweep_.passes) * (copies() ? 2 : 1);
    const std::string each = sweep_.scope == Scope::core
                                 ? ", all cores (multiprocessors) together, each in a set of its own"
                                 : ", all multiprocessors together, in one set";
    return {.bytes = moved,
            .bytesCounted = (copies() ? "bytes read plus bytes written" : "each byte read") +
                            std::string(" in each pass") + each,
            .workingSetBytes = static_cast<double>(arrayBytes()) * (copies() ? 2 : 1)};
  }

  void launch(std::size_t) override { kernel_.launch({out_->address(), in_->address(), 0}); }

  Verification verify() override {
    poison();
    launch(0);
    device_.synchronize();
    return compare();
  }

  // A read adds its partial sums up, so what it does not write must be zero.
  void poison() override { device_.fill(*out_, copies() ? poisonWord : 0); }

  void verifyTimed(Verification& verification, std::size_t) override { verification.add(compare()); }

  Damaged restore(Verification& found) override {
    cpu::Threads threads;
    Pattern(device_, *in_, 0, arrayBytes(), seed_, " of the working set").restore(threads, found);
    return found.passed() ? Damaged::output : Damaged::input;
  }

 private:
  bool copies() const { return sweep_.stream == Stream::copy; }
  std::size_t arrayBytes() const { return sweep_.sets * sweep_.bytes; }

  Verification compare() {
    Verification verification;
    verification.bound = "exact";
    std::vector<std::uint64_t> words(copies() ? arrayBytes() / 8 : sweepPartials);
    device_.read(*out_, 0, words.data(), words.size() * 8);
    if (copies()) {
      verification.method =
          "every word of the output against the one computed from the seed; each pass writes the same words";
      verification.compareWords<std::uint64_t>(
          words, [this](std::size_t i) { return patternWord(seed_, i); }, wordText);
      return verification;
    }
    verification.method = "the sum of all words of all passes against the one computed from the seed";
    verification.compared = arrayBytes() / 8;
    std::uint64_t sum = 0;
    for (const std::uint64_t partial : words) sum += partial;
    if (sum != sum_) verification.differs(0, "the sum of all words", hex(sum_), hex(sum));
    return verification;
  }

  Device& device_;
  Sweep sweep_;
  std::uint64_t seed_, sum_ = 0;
  Kernel kernel_;
  std::unique_ptr<Buffer> in_, out_;
};

}  // namespace

Workload cacheWorkload(Device& device, const CacheOperation& operation, const Shape& shape, Data,
                       std::uint64_t seed) {
  const std::size_t arrays = operation.stream == Stream::copy ? 2 : 1;
  const std::size_t bytes = shape.bytes / arrays / grain * grain;
  if (bytes == 0)
    throw Error("ERANGE",
                "a cache row needs a working set of at least " + std::to_string(arrays * grain) + " bytes");
  const std::size_t sets = device.sets(operation.scope), walkers = device.sets(Scope::core) / sets;
  // Odd, so that no pass of a read can be left out unseen: an odd factor is undone modulo 2^64, an even one
  // loses bits.
  const std::size_t passes = (walkers * walkedBytes + bytes - 1) / bytes | 1;
  const Sweep sweep{operation.stream, operation.scope, sets, bytes, passes};
  const std::size_t free = device.freeBytes();
  if (bytes > free / arrays / sweep.sets)
    throw Unsupported(std::to_string(sweep.sets) + " working sets of " + std::to_string(bytes * arrays) +
                      " bytes do not fit the " + std::to_string(free) +
                      " bytes that are free: use a smaller size");
  // What a copy left, to be compared.
  if (arrays > 1) cpu::requireAvailable(static_cast<double>(sweep.sets) * static_cast<double>(bytes));
  return [&device, sweep, seed](const std::string& provider) {
    return std::make_unique<CacheTrial>(device, sweep, seed, provider);
  };
}

}  // namespace nameplate
