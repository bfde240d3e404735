#include "fault.h"

#include <algorithm>
#include <chrono>
#include <thread>

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

std::unique_ptr<Buffer> FaultyDevice::allocate(std::size_t bytes) {
  std::unique_ptr<Buffer> buffer = device_.allocate(bytes);
  buffers_[buffer->address()] = buffer.get();
  return buffer;
}

std::unique_ptr<Batch> FaultyDevice::record(std::size_t launches,
                                            const std::function<void(std::size_t)>& launch, bool capturable) {
  if (fault_ == Fault::idleBatch) return std::make_unique<IdleBatch>();
  std::unique_ptr<Batch> batch = device_.record(launches, launch, capturable);
  if (fault_ != Fault::flippedBit) return batch;
  return std::make_unique<FlippingBatch>(std::move(batch), [this, out = lastOut_] {
    const auto found = std::prev(buffers_.upper_bound(out));
    std::uint32_t word = 0;
    device_.read(*found->second, out - found->first, &word, sizeof word);
    put(out, sizeof word, word ^ 1u << 13);
  });
}

Kernel FaultyDevice::faulty(Kernel kernel, const Output& output) {
  kernel.launch = [this, output, launch = std::move(kernel.launch)](const Operands& operands) {
    lastOut_ = operands.out;
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
    case Fault::idle:
    case Fault::idleBatch:
      return;
  }
}

void FaultyDevice::put(std::uintptr_t address, std::size_t bytes, std::uint32_t word) {
  device_.synchronize();
  const auto found = std::prev(buffers_.upper_bound(address));
  const std::vector<std::uint32_t> words(bytes / sizeof word, word);
  device_.write(*found->second, address - found->first, words.data(), bytes);
}

}  // namespace nameplate
