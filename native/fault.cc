#include "fault.h"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

namespace nameplate {
namespace {

constexpr std::uint32_t quietNan = 0x7fc07fc0u;  // in fp32, and in both halves as bf16 and fp16
constexpr std::size_t tile = 64;

// Damages one word after each replay, so that the last timed launch, too, leaves it damaged.
class FlippingBatch : public Batch {
 public:
  FlippingBatch(std::unique_ptr<Batch> batch, std::function<void()> flip)
      : batch_(std::move(batch)), flip_(std::move(flip)) {}
  double seconds() override {
    const double seconds = batch_->seconds();
    flip_();
    return seconds;
  }

 private:
  std::unique_ptr<Batch> batch_;
  std::function<void()> flip_;
};

// Damages one word before the first replay.
class UpsetBatch : public Batch {
 public:
  UpsetBatch(std::unique_ptr<Batch> batch, std::function<void()> flip)
      : batch_(std::move(batch)), flip_(std::move(flip)) {}
  double seconds() override {
    if (const auto flip = std::exchange(flip_, nullptr)) flip();
    return batch_->seconds();
  }

 private:
  std::unique_ptr<Batch> batch_;
  std::function<void()> flip_;
};

// Takes its time, and does nothing in it.
class IdleBatch : public Batch {
 public:
  double seconds() override {
    constexpr std::chrono::duration<double> time(1e-3);
    std::this_thread::sleep_for(time);
    return time.count();
  }
};

}  // namespace

Kernel FaultyDevice::gemm(const GemmShape& shape, const std::string& provider, const Operands* tuneOn) {
  const std::size_t size = row(row(shape.dtype).output).bytes;
  return faulty(device_.gemm(shape, provider, tuneOn), {shape.m, shape.n * size, shape.ldc * size, size});
}

Kernel FaultyDevice::stream(Stream stream, std::size_t bytes, const std::string& provider,
                            const Operands* tuneOn) {
  return faulty(device_.stream(stream, bytes, provider, tuneOn), {1, bytes, bytes, sizeof(double)});
}

Kernel FaultyDevice::link(Direction direction, HostMemory memory, std::size_t bytes,
                          const std::string& provider) {
  return faulty(device_.link(direction, memory, bytes, provider), {1, bytes, bytes, sizeof(double)});
}

Kernel FaultyDevice::sweep(const Sweep& sweep, const std::string& provider) {
  const std::size_t bytes =
      sweep.stream == Stream::copy ? sweep.sets * sweep.bytes : sweepPartials * sizeof(double);
  return faulty(device_.sweep(sweep, provider), {1, bytes, bytes, sizeof(double)});
}

Kernel FaultyDevice::dpx(const DpxLoop& loop, const std::string& provider) {
  constexpr std::size_t word = sizeof(std::uint32_t);
  const std::size_t bytes = loop.blocks * DpxLoop::chains * DpxLoop::threads * word;
  return faulty(device_.dpx(loop, provider), {1, bytes, bytes, word});
}

Kernel FaultyDevice::peerCopy(const std::string& peer, bool both, std::size_t bytes,
                              const std::string& provider) {
  return faulty(device_.peerCopy(peer, both, bytes, provider), {1, bytes, bytes, sizeof(double)});
}

std::unique_ptr<Buffer> FaultyDevice::allocate(std::size_t bytes) {
  return known(device_.allocate(bytes));
}

std::unique_ptr<Buffer> FaultyDevice::allocateHost(std::size_t bytes, HostMemory memory) {
  return known(device_.allocateHost(bytes, memory));
}

std::unique_ptr<Buffer> FaultyDevice::allocateOn(const std::string& peer, std::size_t bytes) {
  return known(device_.allocateOn(peer, bytes));
}

std::unique_ptr<Buffer> FaultyDevice::known(std::unique_ptr<Buffer> buffer) {
  buffers_[buffer->address()] = buffer.get();
  return buffer;
}

std::unique_ptr<Batch> FaultyDevice::record(std::size_t launches,
                                            const std::function<void(std::size_t)>& launch, bool capturable) {
  if (fault_ == Fault::idleBatch) return std::make_unique<IdleBatch>();
  std::unique_ptr<Batch> batch = device_.record(launches, launch, capturable);
  switch (fault_) {
    case Fault::flippedBit:
      return std::make_unique<FlippingBatch>(std::move(batch), [this, out = lastOut_] { flip(out); });
    case Fault::flippedInput:
      return std::make_unique<UpsetBatch>(std::move(batch), [this, in = middle(lastInput_)] { flip(in); });
    case Fault::flippedVerified:
      return std::make_unique<UpsetBatch>(std::move(batch), [this, at = middle(lastCopy_)] { flip(at); });
    default:
      return batch;
  }
}

Kernel FaultyDevice::faulty(Kernel kernel, const Output& output) {
  kernel.launch = [this, output, launch = std::move(kernel.launch)](const Operands& operands) {
    lastOut_ = operands.out;
    lastInput_ = operands.a;
    if (fault_ == Fault::idle) return;
    launch(operands);
    damage(operands.out, output);
  };
  return kernel;
}

void FaultyDevice::damage(std::uintptr_t out, const Output& output) {
  const std::size_t rows = std::min(tile, output.rows);
  const std::size_t bytes = std::min(tile * output.elementBytes, output.rowBytes) / 4 * 4;
  switch (fault_) {
    case Fault::nan:
      return put(out + (output.rows / 2) * output.stride, 4, quietNan);
    case Fault::skippedTile:
      for (std::size_t r = 0; r < rows; ++r) put(out + r * output.stride, bytes, poisonWord);
      return;
    case Fault::overrun:
      return put(out + output.rows * output.stride, 16, 0);
    case Fault::none:
    case Fault::flippedBit:
    case Fault::flippedInput:
    case Fault::flippedVerified:
    case Fault::idle:
    case Fault::idleBatch:
      return;
  }
}

void FaultyDevice::put(std::uintptr_t address, std::size_t bytes, std::uint32_t word) {
  device_.synchronize();
  Buffer& buffer = holding(address);
  const std::vector<std::uint32_t> words(bytes / sizeof word, word);
  device_.write(buffer, address - buffer.address(), words.data(), bytes);
}

void FaultyDevice::flip(std::uintptr_t address) {
  const Buffer& buffer = holding(address);
  std::uint32_t word = 0;
  device_.read(buffer, address - buffer.address(), &word, sizeof word);
  put(address, sizeof word, word ^ 1u << 13);
}

// The upper half of a double: what is flipped in the lower one, a sum of many may round away.
std::uintptr_t FaultyDevice::middle(std::uintptr_t address) const {
  return address + holding(address).bytes() / 16 * 8 + sizeof(std::uint32_t);
}

Buffer& FaultyDevice::holding(std::uintptr_t address) const {
  const auto next = buffers_.upper_bound(address);
  if (next == buffers_.begin()) throw Error("EINVAL", "this row has nothing that this fault could damage");
  return *std::prev(next)->second;
}

}  // namespace nameplate
