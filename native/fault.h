// Faults seeded on purpose, to prove that a run would notice them.
//
// A FaultyDevice is a device whose kernels do wrong in one way. The fault is in the data that a launch
// leaves, put there with ordinary writes: the card itself is not touched. Whatever is measured on one is no
// measurement.
#pragma once

#include <map>

#include "backend.h"

namespace nameplate {

enum class Fault : std::uint8_t {
  none,
  flippedBit,       // one bit of what the timed launches leave; the first, verified launch is right
  flippedInput,     // one bit of an input, once, before the timed launches
  flippedVerified,  // the same of the verified output that others are compared with
  nan,              // one NaN among the results
  skippedTile,      // 64 x 64 elements that are never written
  overrun,          // 16 bytes written behind the output, as into a buffer that is too small
  idle,             // a launch that does nothing at all
  idleBatch,        // the same of the timed launches alone; the first, verified launch is right
};

inline constexpr std::array<std::string_view, 9> faultNames{
    "none",        "flippedBit", "flippedInput", "flippedVerified", "nan",
    "skippedTile", "overrun",    "idle",         "idleBatch"};

class FaultyDevice : public Device {
 public:
  FaultyDevice(Device& device, Fault fault) : device_(device), fault_(fault) {}

  Kernel gemm(const GemmShape&, const std::string& provider, const Operands* tuneOn) override;
  Kernel stream(Stream, std::size_t bytesPerArray, const std::string& provider,
                const Operands* tuneOn) override;
  std::unique_ptr<Batch> record(std::size_t launches, const std::function<void(std::size_t)>& launch,
                                bool capturable) override;
  std::unique_ptr<Buffer> allocate(std::size_t bytes) override;
  std::unique_ptr<Buffer> allocateHost(std::size_t bytes, HostMemory) override;
  std::unique_ptr<Buffer> allocateOn(const std::string& peer, std::size_t bytes) override;
  Kernel link(Direction, HostMemory, std::size_t bytes, const std::string& provider) override;
  Kernel sweep(const Sweep&, const std::string& provider) override;
  Kernel dpx(const DpxLoop&, const std::string& provider) override;
  Kernel peerCopy(const std::string& peer, bool both, std::size_t bytes,
                  const std::string& provider) override;

  Facts facts() const override { return device_.facts(); }
  std::size_t freeBytes() const override { return device_.freeBytes(); }
  std::vector<std::string> providers() const override { return device_.providers(); }
  void write(Buffer& to, std::size_t offset, const void* from, std::size_t bytes) override {
    device_.write(to, offset, from, bytes);
  }
  void read(const Buffer& from, std::size_t offset, void* to, std::size_t bytes) override {
    device_.read(from, offset, to, bytes);
  }
  void copy(Buffer& to, std::size_t toOffset, const Buffer& from, std::size_t fromOffset,
            std::size_t bytes) override {
    lastCopy_ = to.address();
    device_.copy(to, toOffset, from, fromOffset, bytes);
  }
  void fill(Buffer& buffer, std::uint32_t word) override { device_.fill(buffer, word); }
  void fillPattern(Buffer& buffer, std::uint64_t seed, std::uint64_t mask) override {
    device_.fillPattern(buffer, seed, mask);
  }
  Mismatch compare(const Buffer& expected, const Buffer& actual, std::size_t bytes) override {
    return device_.compare(expected, actual, bytes);
  }
  std::size_t sets(Scope scope) const override { return device_.sets(scope); }
  std::size_t lineBytes() const override { return device_.lineBytes(); }
  Kernel chase(std::size_t steps, const std::string& provider) override {
    return device_.chase(steps, provider);
  }
  Kernel emptyLaunch(Submission submission, std::size_t kernels, const std::string& provider) override {
    return device_.emptyLaunch(submission, kernels, provider);
  }
  void transpose(const Operands& operands, std::size_t rows, std::size_t columns,
                 std::size_t elementBytes) override {
    device_.transpose(operands, rows, columns, elementBytes);
  }
  std::optional<Ceiling> ceiling(const std::string& resource) override { return device_.ceiling(resource); }
  std::unique_ptr<Watch> watch(const std::string& peer) override { return device_.watch(peer); }
  std::optional<double> uncorrectedErrors(const std::string& peer) const override {
    return device_.uncorrectedErrors(peer);
  }
  std::unique_ptr<Module> load(std::span<const std::byte> image) override { return device_.load(image); }
  void synchronize() override { device_.synchronize(); }
  void settle() override { device_.settle(); }

 private:
  // What a launch is expected to write: rows of `rowBytes`, `stride` bytes apart.
  struct Output {
    std::size_t rows = 1, rowBytes = 0, stride = 0, elementBytes = 8;
  };
  Kernel faulty(Kernel, const Output&);
  std::unique_ptr<Buffer> known(std::unique_ptr<Buffer>);
  void damage(std::uintptr_t out, const Output&);
  void put(std::uintptr_t address, std::size_t bytes, std::uint32_t word);
  void flip(std::uintptr_t address);
  std::uintptr_t middle(std::uintptr_t address) const;
  Buffer& holding(std::uintptr_t address) const;

  Device& device_;
  Fault fault_;
  std::map<std::uintptr_t, Buffer*> buffers_;   // by address; only what lives is looked up
  std::uintptr_t lastOut_ = 0, lastInput_ = 0;  // of the last launch
  std::uintptr_t lastCopy_ = 0;                 // where to
};

}  // namespace nameplate
