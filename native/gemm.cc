// The GEMM workload: inputs in rotated buffer sets, outputs between red zones, and their verification.
#include <algorithm>

#include "backend.h"
#include "cpu/memory.h"
#include "inputs.h"
#include "reference.h"
#include "sum_bits.h"
#include "workload.h"

namespace nameplate {
namespace {

constexpr std::size_t redZone = 256;   // bytes before and after C, which no launch may touch
constexpr std::size_t alignment = 16;  // of a row, in bytes: what 16-byte loads and TMA need
constexpr std::size_t mostRotations = 256;

std::size_t roundUp(std::size_t value, std::size_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

// The asked shape with rows padded to the alignment.
GemmShape paddedShape(const GemmOperation& operation, const Shape& asked) {
  const std::size_t size = row(operation.dtype).bytes, outSize = row(row(operation.dtype).output).bytes;
  const std::size_t leading = roundUp(asked.k * size, alignment) / size;
  const std::size_t leadingOut = roundUp(asked.n * outSize, alignment) / outSize;
  if (operation.dtype == DType::int8 && asked.k > 131071)
    throw Error(
        "ERANGE",
        "K of an int8 GEMM is at most 131071: beyond it a 32-bit sum of full-range products overflows");
  return {operation.dtype, operation.accumulator, asked.m, asked.n, asked.k, leading, leading, leadingOut};
}

// The least that a row takes, asked for before minutes are spent on filling matrices that have no room: on
// the device two sets of buffers and the verified output, on the host two sets of inputs and one output.
void checkMemory(const Device& device, const GemmShape& s) {
  const double element = row(s.dtype).bytes, outElement = row(row(s.dtype).output).bytes;
  const double in = (static_cast<double>(s.m) * static_cast<double>(s.lda) +
                     static_cast<double>(s.n) * static_cast<double>(s.ldb)) *
                    element;
  const double out = static_cast<double>(s.m) * static_cast<double>(s.ldc) * outElement;
  const double needed = 2 * in + 3 * out;
  if (const std::size_t free = device.freeBytes(); needed > static_cast<double>(free))
    throw Error("ENOMEM", "the row takes " + std::to_string(static_cast<std::size_t>(needed)) +
                              " bytes of device memory and " + std::to_string(free) +
                              " are available: use a smaller shape");
  cpu::requireAvailable(2 * in + out);
}

// Sets of inputs that launches rotate through: of twice the last-level cache, so that each launch reads
// memory, but no more than fill half of what is free together with every provider's outputs. The other half
// is for what is not counted here: copies on the host, the float64 reference, the buffers of libraries.
struct Rotations {
  std::size_t sets, wanted;
};

Rotations chooseRotations(const Device& device, double inBytes, double outBytes) {
  const auto wanted = static_cast<std::size_t>(2 * device.facts().l2Bytes / inBytes) + 1;
  const auto providers = static_cast<double>(device.providers().size());
  const double verified = providers * outBytes;
  const double room = static_cast<double>(device.freeBytes()) / 2 - verified;
  const auto fitting = static_cast<std::size_t>(std::max(0.0, room / (inBytes + providers * outBytes)));
  const std::size_t most = std::clamp<std::size_t>(wanted, 2, mostRotations);
  return {std::clamp<std::size_t>(fitting, 2, most), most};
}

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

class GemmInputs {
 public:
  GemmInputs(Device& device, const GemmShape& shape, Data data, std::uint64_t seed)
      : device(device), shape(shape), ternaryA(seed ^ 0xa, shape.k), ternaryB(seed ^ 0xb, shape.k) {
    checkMemory(device, shape);
    a = randomMatrix(threads, shape.dtype, data, seed, shape.m, shape.k, shape.lda);
    b = randomMatrix(threads, shape.dtype, data, seed + 1, shape.n, shape.k, shape.ldb);
    outBytes =
        roundUp(shape.m * shape.ldc * row(row(shape.dtype).output).bytes + 2 * redZone, sizeof poisonWord);
    const auto [sets, wanted] =
        chooseRotations(device, static_cast<double>(a.size() + b.size()), static_cast<double>(outBytes));
    rotations = sets;
    if (sets < wanted)
      note = "inputs rotate over " + std::to_string(sets) + " sets and not " + std::to_string(wanted) +
             ", for lack of free memory";
    for (std::size_t set = 0; set < rotations; ++set) {
      setsA.push_back(device.allocate(a.size()));
      setsB.push_back(device.allocate(b.size()));
      upload(set, a, b);
    }
  }

  void upload(std::size_t set, const std::vector<std::byte>& hostA, const std::vector<std::byte>& hostB) {
    device.write(*setsA[set], 0, hostA.data(), hostA.size());
    device.write(*setsB[set], 0, hostB.data(), hostB.size());
  }

  void restore(Verification& found) {
    restore(setsA, a, shape.lda, "A", found);
    restore(setsB, b, shape.ldb, "B", found);
  }

  // Computed when first asked for: only then is it known that some provider can do the operation.
  const Reference& reference() {
    if (!reference_) reference_.emplace(threads, HostGemm{shape, a.data(), b.data()});
    return *reference_;
  }

  Device& device;
  cpu::Threads threads;
  GemmShape shape;
  Ternary ternaryA, ternaryB;
  std::vector<std::byte> a, b;
  std::size_t outBytes;  // of one output, its red zones included
  std::size_t rotations;
  std::string note;  // what a reader should know of them
  std::vector<std::unique_ptr<Buffer>> setsA, setsB;

 private:
  // The device tells whether its sets are still equal; which of them is damaged, the host.
  void restore(const std::vector<std::unique_ptr<Buffer>>& sets, const std::vector<std::byte>& original,
               std::size_t leading, const std::string& name, Verification& found) {
    const std::size_t bytes = original.size();
    const auto equal = [&](const auto& set) { return device.compare(*sets[0], *set, bytes).count == 0; };
    if (std::ranges::all_of(sets, equal)) return;
    std::vector<std::uint32_t> expected(bytes / 4), words(bytes / 4);
    std::memcpy(expected.data(), original.data(), bytes);
    for (std::size_t set = 0; set < sets.size(); ++set) {
      device.read(*sets[set], 0, words.data(), bytes);
      if (words == expected) continue;
      found.compareWords<std::uint32_t>(
          words, [&](std::size_t i) { return expected[i]; },
          [&](std::size_t i) {
            const std::size_t element = 4 * i / row(shape.dtype).bytes;
            return "row " + std::to_string(element / leading) + ", column " +
                   std::to_string(element % leading) + " of " + name + ", buffer set " + std::to_string(set);
          });
      device.write(*sets[set], 0, original.data(), bytes);
    }
  }

  std::optional<Reference> reference_;
};

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
    if (!in_.note.empty()) kernel_.note += (kernel_.note.empty() ? "" : "; ") + in_.note;
  }

  const Kernel& kernel() const override { return kernel_; }

  Work work() const override {
    const GemmShape& s = in_.shape;
    const DTypeRow& format = row(s.dtype);
    const double m = static_cast<double>(s.m), n = static_cast<double>(s.n), k = static_cast<double>(s.k);
    const double bytes = (m * k + n * k) * static_cast<double>(format.bytes) +
                         m * n * static_cast<double>(row(format.output).bytes);
    return {.flop = 2 * m * n * k,
            .bytes = bytes,
            .bytesCounted = "A and B read once, C written once",
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
    if (row(in_.shape.dtype).bytes == 1 && row(in_.shape.dtype).exponentBits > 0) {
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

  void exact(Verification& verification) {
    const GemmShape& s = in_.shape;
    in_.upload(0, in_.ternaryA.matrix(in_.threads, s.dtype, s.m, s.k, s.lda),
               in_.ternaryB.matrix(in_.threads, s.dtype, s.n, s.k, s.ldb));
    launch(0);
    const std::vector<std::byte> c = download(0);
    in_.upload(0, in_.a, in_.b);
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
