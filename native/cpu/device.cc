#include "cpu/device.h"

#include <chrono>
#include <cstring>

#include "cpu/caches.h"
#include "cpu/ceiling.h"
#include "cpu/chase.h"
#include "cpu/facts.h"
#include "cpu/gemm.h"
#include "cpu/memory.h"
#include "cpu/onednn.h"
#include "cpu/openblas.h"
#include "cpu/quiet.h"
#include "cpu/stream.h"
#include "cpu/sweep.h"
#include "cpu/transpose.h"
#include "cpu/watch.h"
#include "random.h"

namespace nameplate::cpu {
namespace {

constexpr std::size_t grain = 64;  // shares of a buffer end on cache lines

// The first of `bytes` at `offset`, which must lie inside the buffer.
std::byte* within(const Buffer& buffer, std::size_t offset, std::size_t bytes) {
  if (offset > buffer.bytes() || bytes > buffer.bytes() - offset)
    throw Error("ERANGE", std::to_string(bytes) + " bytes at offset " + std::to_string(offset) +
                              " do not lie inside a buffer of " + std::to_string(buffer.bytes()) + " bytes");
  return reinterpret_cast<std::byte*>(buffer.address()) + offset;
}

class TimedLaunches : public Batch {
 public:
  explicit TimedLaunches(std::vector<std::function<void()>> launches) : launches_(std::move(launches)) {}

  double seconds() override {
    const auto begin = std::chrono::steady_clock::now();
    for (const auto& launch : launches_) launch();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  }

 private:
  std::vector<std::function<void()>> launches_;
};

void requireBuiltin(const std::string& provider, const std::string& what,
                    const std::string& known = "builtin") {
  if (provider != "builtin")
    throw Unsupported("no provider \"" + provider + "\" of " + what + " on the CPU; there are: " + known);
}

}  // namespace

CpuDevice::CpuDevice(Placement at) : place_(std::move(at)), threads_(place_) {}

Facts CpuDevice::facts() const {
  return cpu::facts(place_);
}

std::size_t CpuDevice::freeBytes() const {
  return availableBytes();
}

std::vector<std::string> CpuDevice::providers() const {
  std::vector<std::string> names{"builtin", "libc"};
  if (OpenBlas::find()) names.emplace_back("openblas");
  if (OneDnn::find()) names.emplace_back("onednn");
  return names;
}

std::unique_ptr<Buffer> CpuDevice::allocate(std::size_t bytes) {
  return std::make_unique<HostBuffer>(bytes, threads_);
}

std::unique_ptr<Buffer> CpuDevice::allocateHost(std::size_t bytes, HostMemory) {
  return allocate(bytes);
}

void CpuDevice::move(std::byte* to, const std::byte* from, std::size_t bytes) {
  // Overlapping ranges must be moved in one piece; small ones are not worth waking anyone.
  const auto first = reinterpret_cast<std::uintptr_t>(to), second = reinterpret_cast<std::uintptr_t>(from);
  const bool overlap = first < second + bytes && second < first + bytes;
  if (bytes == 0) return;
  if (overlap || bytes < (std::size_t{1} << 20)) {
    std::memmove(to, from, bytes);
    return;
  }
  threads_.shares(bytes, grain, [&](std::size_t, std::size_t begin, std::size_t end) {
    std::memcpy(to + begin, from + begin, end - begin);
  });
}

void CpuDevice::write(Buffer& to, std::size_t offset, const void* from, std::size_t bytes) {
  move(within(to, offset, bytes), static_cast<const std::byte*>(from), bytes);
}

void CpuDevice::read(const Buffer& from, std::size_t offset, void* to, std::size_t bytes) {
  move(static_cast<std::byte*>(to), within(from, offset, bytes), bytes);
}

void CpuDevice::copy(Buffer& to, std::size_t toOffset, const Buffer& from, std::size_t fromOffset,
                     std::size_t bytes) {
  move(within(to, toOffset, bytes), within(from, fromOffset, bytes), bytes);
}

void CpuDevice::fill(Buffer& buffer, std::uint32_t word) {
  auto* const words = reinterpret_cast<std::uint32_t*>(buffer.address());
  threads_.shares(
      buffer.bytes() / sizeof word, grain / sizeof word,
      [&](std::size_t, std::size_t begin, std::size_t end) { std::fill(words + begin, words + end, word); });
}

void CpuDevice::fillPattern(Buffer& buffer, std::uint64_t seed, std::uint64_t mask) {
  auto* const words = reinterpret_cast<std::uint64_t*>(buffer.address());
  threads_.shares(buffer.bytes() / sizeof(std::uint64_t), grain / sizeof(std::uint64_t),
                  [&](std::size_t, std::size_t begin, std::size_t end) {
                    for (std::size_t index = begin; index < end; ++index)
                      words[index] = patternWord(seed, index) & mask;
                  });
}

Mismatch CpuDevice::compare(const Buffer& expected, const Buffer& actual, std::size_t bytes) {
  if (bytes % sizeof(std::uint32_t) != 0)
    throw Error("EINVAL", "a comparison takes whole 32-bit words: " + std::to_string(bytes) +
                              " bytes is not a multiple of 4");
  const auto* const left = reinterpret_cast<const std::uint32_t*>(within(expected, 0, bytes));
  const auto* const right = reinterpret_cast<const std::uint32_t*>(within(actual, 0, bytes));
  std::vector<Mismatch> found(threads_.count());
  threads_.shares(bytes / sizeof(std::uint32_t), grain / sizeof(std::uint32_t),
                  [&](std::size_t share, std::size_t begin, std::size_t end) {
                    Mismatch& mismatch = found[share];
                    for (std::size_t word = begin; word < end; ++word) {
                      if (left[word] == right[word]) continue;
                      if (mismatch.count++ == 0) mismatch = {1, word, left[word], right[word]};
                    }
                  });
  Mismatch total;
  for (const Mismatch& share : found) {  // in the order of the words
    if (share.count == 0) continue;
    const std::size_t before = total.count;
    if (before == 0) total = share;
    total.count = before + share.count;
  }
  return total;
}

Kernel CpuDevice::gemm(const GemmShape& shape, const std::string& provider, const Operands*) {
  if (shape.sparse) throw Unsupported("there is no sparse GEMM on a CPU");
  if (provider == "openblas") {
    const OpenBlas* const blas = OpenBlas::find();
    if (!blas) throw Unsupported("OpenBLAS is absent: " + OpenBlas::absence().reason);
    return queued(blas->gemm(shape, threads_.count()));
  }
  if (provider == "onednn") {
    const OneDnn* const dnn = OneDnn::find();
    if (!dnn) throw Unsupported("oneDNN is absent: " + OneDnn::absence().reason);
    return queued(dnn->gemm(shape, threads_.count()));
  }
  requireBuiltin(provider, "GEMM", "builtin, openblas, onednn");
  return queued(blockedGemm(shape, threads_));
}

Kernel CpuDevice::stream(Stream stream, std::size_t bytesPerArray, const std::string& provider,
                         const Operands*) {
  if (provider == "libc") return queued(libraryStream(stream, bytesPerArray, threads_));
  requireBuiltin(provider, "memory rows", "builtin, libc");
  return queued(memoryStream(stream, bytesPerArray, threads_));
}

std::size_t CpuDevice::sets(Scope scope) const {
  return scope == Scope::core ? threads_.count() : 1;
}

Kernel CpuDevice::sweep(const Sweep& sweep, const std::string& provider) {
  requireBuiltin(provider, "cache rows");
  return queued(cacheSweep(sweep, threads_));
}

std::size_t CpuDevice::lineBytes() const {
  return cacheLineBytes();
}

Kernel CpuDevice::chase(std::size_t steps, const std::string& provider) {
  requireBuiltin(provider, "latency rows");
  return queued(pointerChase(steps));
}

Kernel CpuDevice::emptyLaunch(Submission, std::size_t, const std::string&) {
  throw Unsupported("the CPU backend calls its kernels: there is no launch to wait for");
}

Kernel CpuDevice::dpx(const DpxLoop&, const std::string&) {
  throw Unsupported("a processor has no DPX instructions");
}

Kernel CpuDevice::link(Direction, HostMemory, std::size_t, const std::string&) {
  throw Unsupported("the CPU backend has no host link");
}

void CpuDevice::transpose(const Operands& operands, std::size_t rows, std::size_t columns,
                          std::size_t elementBytes) {
  enqueue([=, this, run = transposeOf(elementBytes)] { run(operands, rows, columns, threads_); });
}

Kernel CpuDevice::queued(Kernel kernel) {
  kernel.launch = [this, run = std::move(kernel.launch)](const Operands& operands) {
    enqueue([run, operands] { run(operands); });
  };
  return kernel;
}

void CpuDevice::enqueue(std::function<void()> launch) {
  if (recording_)
    recording_->push_back(std::move(launch));
  else
    launch();
}

std::unique_ptr<Batch> CpuDevice::record(std::size_t launches, const std::function<void(std::size_t)>& launch,
                                         bool) {
  Launches recorded;
  struct Recording {  // ends also when `launch` throws
    Launches*& slot;
    ~Recording() { slot = nullptr; }
  } const recording{recording_ = &recorded};
  for (std::size_t index = 0; index < launches; ++index) launch(index);
  return std::make_unique<TimedLaunches>(std::move(recorded));
}

std::unique_ptr<Watch> CpuDevice::watch(const std::string&) {
  return std::make_unique<TimedClock>(threads_);
}

std::optional<Ceiling> CpuDevice::ceiling(const std::string& resource) {
  return measureCeiling(resource, threads_);
}

void CpuDevice::settle() {
  awaitQuiet();
}

std::unique_ptr<Module> CpuDevice::load(std::span<const std::byte>) {
  throw Unsupported("modules are CUDA images; the CPU backend cannot run them");
}

}  // namespace nameplate::cpu
