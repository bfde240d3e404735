// The GEMM workload: outputs between red zones, one for each set of inputs, and their verification.
#include <algorithm>
#include <cstring>

#include "gemm_inputs.h"
#include "sum_bits.h"

namespace nameplate {
namespace {

// Any bit that flips changes it, as every factor is odd.
std::uint64_t digest(const std::vector<std::byte>& bytes) {
  std::uint64_t sum = 0;
  for (std::size_t at = 0; at < bytes.size(); at += sizeof(std::uint32_t)) {
    std::uint32_t word;
    std::memcpy(&word, bytes.data() + at, sizeof word);
    sum += word * (2 * at + 1);
  }
  return sum;
}

class GemmTrial : public Trial {
 public:
  GemmTrial(std::shared_ptr<GemmInputs> inputs, const std::string& provider)
      : inputs_(std::move(inputs)), in_(*inputs_), device_(in_.device), bytes_(in_.outBytes) {
    for (std::size_t set = 0; set < in_.rotations; ++set) {
      outputs_.push_back(device_.allocate(bytes_));
      device_.fill(*outputs_.back(), poisonWord);
    }
    verified_ = device_.allocate(bytes_);
    const Operands first = operands(0);
    kernel_ = device_.gemm(in_.shape, provider, &first);
    adoptAll();
    if (!in_.note.empty()) kernel_.note += (kernel_.note.empty() ? "" : "; ") + in_.note;
  }

  const Kernel& kernel() const override { return kernel_; }

  Work work() const override {
    const GemmShape& s = in_.shape;
    const DTypeRow& format = row(s.dtype);
    const double m = static_cast<double>(s.m), n = static_cast<double>(s.n), k = static_cast<double>(s.k);
    const double a = s.sparse ? static_cast<double>(in_.a.size()) : m * k * static_cast<double>(format.bytes);
    const double bytes =
        a + n * k * static_cast<double>(format.bytes) + m * n * static_cast<double>(row(format.output).bytes);
    return {.flop = 2 * m * n * k,
            .flopCounted = s.sparse ? "as if the zeros of A were multiplied too" : "",
            .bytes = bytes,
            .bytesCounted = s.sparse ? "compressed A, its metadata and B read once, C written once"
                                     : "A and B read once, C written once",
            .workingSetBytes = static_cast<double>(in_.rotations) *
                               static_cast<double>(in_.a.size() + in_.b.size() + bytes_),
            .rotations = in_.rotations,
            .leadingDimensions = {{s.lda, s.ldb, s.ldc}},
            .accumulator = std::string(s.accumulator == Accumulator::half ? "fp16" : format.accumulator) +
                           (s.accumulator == Accumulator::fast ? ", not promoted" : ""),
            .output = std::string(row(format.output).name)};
  }

  void launch(std::size_t index) override { kernel_.launch(operands(index % in_.rotations)); }

  Verification verify() override {
    Verification verification{
        .method =
            "all of C to the bit with integer inputs (Freivalds), then rows and columns "
            "against float64 of the quantised inputs; NaN poison, padding and red zones"};
    exact(verification);
    if (!verification.passed()) return verification;
    if (!in_.shape.sparse && row(in_.shape.dtype).bytes == 1 && row(in_.shape.dtype).exponentBits > 0) {
      verification.sumBits = sumBits(device_, in_.shape, *in_.setsA[0], *in_.setsB[0], *outputs_[0], redZone,
                                     [this] { launch(0); });
      in_.upload(0, in_.a, in_.b);
    }
    poison();
    for (std::size_t set = 0; set < in_.rotations; ++set) launch(set);
    const std::vector<std::byte> c = download(0);
    checkSurroundings(c, verification);
    in_.reference().compare(c.data() + redZone, verification);
    device_.copy(*verified_, 0, *outputs_[0], 0, bytes_);
    verifiedDigest_ = digest(c);
    compareSets(verification, 1, in_.rotations);
    return verification;
  }

  void poison() override {
    for (const auto& output : outputs_) device_.fill(*output, poisonWord);
  }

  // Where launches are long and sets many, few of the sets were timed.
  void verifyTimed(Verification& verification, std::size_t launches) override {
    compareSets(verification, 0, std::min(launches, in_.rotations));
  }

  Damaged restore(Verification& found) override {
    in_.restore(found);
    adoptAll();
    if (!found.passed()) return Damaged::input;
    // What a launch still computes as it was verified, and the kept copy denies, was lost in the copy.
    launch(0);
    const Mismatch mismatch = device_.compare(*outputs_[0], *verified_, bytes_);
    if (mismatch.count == 0 || digest(download(0)) != verifiedDigest_) return Damaged::output;
    differs(mismatch, "a launch that is right", found);
    device_.copy(*verified_, 0, *outputs_[0], 0, bytes_);
    return Damaged::verified;
  }

 private:
  Operands operands(std::size_t set) const {
    return {outputs_[set]->address() + redZone, in_.setsA[set]->address(), in_.setsB[set]->address()};
  }

  // Writes set 0.
  void upload(const std::vector<std::byte>& a, const std::vector<std::byte>& b) {
    in_.upload(0, a, b);
    adopt(0);
  }

  void adopt(std::size_t set) {
    if (kernel_.adopt) kernel_.adopt(operands(set));
  }
  void adoptAll() {
    for (std::size_t set = 0; set < in_.rotations; ++set) adopt(set);
  }

  void exact(Verification& verification) {
    const GemmShape& s = in_.shape;
    upload(in_.storedTernaryA(), in_.ternaryB.matrix(in_.threads, s.dtype, s.n, s.k, s.ldb));
    launch(0);
    const std::vector<std::byte> c = download(0);
    upload(in_.a, in_.b);
    checkSurroundings(c, verification);
    compareExact(in_.threads, s, in_.ternaryA, in_.ternaryB, c.data() + redZone, verification);
  }

  std::vector<std::byte> download(std::size_t set) {
    std::vector<std::byte> host(bytes_);
    device_.read(*outputs_[set], 0, host.data(), host.size());
    return host;
  }

  // Red zones and row padding must still hold the poison.
  void checkSurroundings(const std::vector<std::byte>& c, Verification& verification) {
    const std::size_t size = row(row(in_.shape.dtype).output).bytes;
    const std::size_t rowBytes = in_.shape.ldc * size, used = in_.shape.n * size;
    const auto check = [&](std::size_t from, std::size_t to) {
      for (std::size_t at = from; at < to; ++at)
        if (c[at] != static_cast<std::byte>(poisonWord >> (8 * (at % 4))))
          return verification.differs(at, "byte " + std::to_string(at) + " of C's buffer, outside C",
                                      "the poison put there", "something else");
    };
    check(0, redZone);
    for (std::size_t r = 0; r < in_.shape.m; ++r)
      check(redZone + r * rowBytes + used, redZone + (r + 1) * rowBytes);
    check(redZone + in_.shape.m * rowBytes, bytes_);
  }

  void differs(const Mismatch& mismatch, const char* expectedOf, Verification& verification) const {
    if (mismatch.count == 0) return;
    const std::size_t size = row(row(in_.shape.dtype).output).bytes, byte = mismatch.firstWord * 4;
    const std::size_t element = byte < redZone ? 0 : (byte - redZone) / size;
    verification.differs(mismatch, element,
                         byte < redZone ? "byte " + std::to_string(byte) + " of C's buffer, outside C"
                                        : place(in_.shape, element),
                         "the word " + hex(mismatch.expected) + " of " + expectedOf);
  }

  // The buffer sets hold equal inputs, so their outputs must be equal to the bit.
  void compareSets(Verification& verification, std::size_t from, std::size_t to) {
    for (std::size_t set = from; set < to; ++set)
      differs(device_.compare(*verified_, *outputs_[set], bytes_), "the verified launch", verification);
  }

  std::shared_ptr<GemmInputs> inputs_;
  GemmInputs& in_;
  Device& device_;
  std::size_t bytes_;
  std::vector<std::unique_ptr<Buffer>> outputs_;
  std::unique_ptr<Buffer> verified_;
  std::uint64_t verifiedDigest_ = 0;
  Kernel kernel_;
};

}  // namespace

Workload gemmWorkload(Device& device, const GemmOperation& operation, const Shape& asked, Data data,
                      std::uint64_t seed) {
  const GemmShape shape = paddedShape(operation, asked);
  return [&device, shape, data, seed,
          inputs = std::shared_ptr<GemmInputs>()](const std::string& provider) mutable {
    device.gemm(shape, provider, nullptr);  // asks whether it can, before inputs are made for nothing
    if (!inputs) inputs = std::make_shared<GemmInputs>(device, shape, data, seed);
    return std::make_unique<GemmTrial>(inputs, provider);
  };
}

}  // namespace nameplate
