#include "gemm_inputs.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "cpu/memory.h"

namespace nameplate {
namespace {

constexpr std::size_t alignment = 16;  // of a row, in bytes: what 16-byte loads and TMA need
constexpr std::size_t mostRotations = 256;

std::size_t roundUp(std::size_t value, std::size_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

// The least that a row takes, asked for before minutes are spent on filling matrices that have no room: on
// the device two sets of buffers and the verified output, on the host two sets of inputs and one output.
void checkMemory(const Device& device, const GemmShape& s) {
  const double element = row(s.dtype).bytes, outElement = row(row(s.dtype).output).bytes;
  const double in = (static_cast<double>(s.m) * static_cast<double>(std::max(s.k, s.lda)) +
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

}  // namespace

GemmShape paddedShape(const GemmOperation& operation, const Shape& asked) {
  const std::size_t size = row(operation.dtype).bytes, outSize = row(row(operation.dtype).output).bytes;
  const std::size_t leading = roundUp(asked.k * size, alignment) / size;
  const std::size_t leadingOut = roundUp(asked.n * outSize, alignment) / outSize;
  if (operation.dtype == DType::int8 && asked.k > 131071)
    throw Error(
        "ERANGE",
        "K of an int8 GEMM is at most 131071: beyond it a 32-bit sum of full-range products overflows");
  GemmShape shape{operation.dtype, operation.accumulator, asked.m, asked.n, asked.k, leading, leading,
                  leadingOut};
  shape.sparse = operation.sparse;
  if (!shape.sparse) return shape;
  shape.lda = SparseLayout{shape.dtype, shape.m, shape.k}.leading();
  return shape;
}

GemmInputs::GemmInputs(Device& device, const GemmShape& shape, Data data, std::uint64_t seed)
    : device(device),
      shape(shape),
      pruning(shape.sparse ? std::optional(Pruning(shape.dtype, seed ^ 0xc)) : std::nullopt),
      ternaryA(seed ^ 0xa, shape.k, pruning),
      ternaryB(seed ^ 0xb, shape.k) {
  checkMemory(device, shape);
  a = randomMatrix(threads, shape.dtype, data, seed, shape.m, shape.k, pruning ? shape.k : shape.lda);
  if (pruning) {
    prune(threads, shape.dtype, *pruning, shape.m, shape.k, a);
    denseA_ = std::exchange(a, compressed(a));
  }
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

std::vector<std::byte> GemmInputs::compressed(const std::vector<std::byte>& dense) {
  const SparseLayout layout{shape.dtype, shape.m, shape.k};
  std::vector<std::byte> packed(layout.bytes());
  threads.parallel(layout.blocksDown(),
                   [&](std::size_t block) { layout.pack(*pruning, dense.data(), block, packed.data()); });
  return packed;
}

std::vector<std::byte> GemmInputs::storedTernaryA() {
  const std::size_t leading = pruning ? shape.k : shape.lda;
  const std::vector<std::byte> dense = ternaryA.matrix(threads, shape.dtype, shape.m, shape.k, leading);
  return pruning ? compressed(dense) : dense;
}

void GemmInputs::upload(std::size_t set, const std::vector<std::byte>& hostA,
                        const std::vector<std::byte>& hostB) {
  device.write(*setsA[set], 0, hostA.data(), hostA.size());
  device.write(*setsB[set], 0, hostB.data(), hostB.size());
}

void GemmInputs::restore(Verification& found) {
  restore(setsA, a, shape.lda, "A", found);
  restore(setsB, b, shape.ldb, "B", found);
}

// The device tells whether its sets are still equal; which of them is damaged, the host.
void GemmInputs::restore(const std::vector<std::unique_ptr<Buffer>>& sets,
                         const std::vector<std::byte>& original, std::size_t leading, const std::string& name,
                         Verification& found) {
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
          return placeOf(i, leading, name) + " of " + name + ", buffer set " + std::to_string(set);
        });
    device.write(*sets[set], 0, original.data(), bytes);
  }
}

std::string GemmInputs::placeOf(std::size_t word, std::size_t leading, const std::string& name) const {
  const std::size_t byte = word * 4, element = byte / row(shape.dtype).bytes;
  const bool compressed = pruning && name == "A";
  if (const std::size_t behind = SparseLayout{shape.dtype, shape.m, shape.k}.metadataAt();
      compressed && byte >= behind)
    return "word " + std::to_string((byte - behind) / 4) + " of the metadata";
  return "row " + std::to_string(element / leading) + (compressed ? ", kept element " : ", column ") +
         std::to_string(element % leading);
}

const Reference& GemmInputs::reference() {
  GemmShape dense = shape;
  if (pruning) dense.lda = shape.k;
  const std::vector<std::byte>& hostA = pruning ? denseA_ : a;
  if (!reference_) reference_.emplace(threads, HostGemm{dense, hostA.data(), b.data()});
  return *reference_;
}

}  // namespace nameplate
