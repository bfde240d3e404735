// The processor as a Device: the same calls, the same order of a run, and no queue.
//
// A launch has finished when it returns, except while a batch is recorded: then it is kept for the replay, as
// a graph would keep it, so that callers need not know the difference.
#pragma once

#include "backend.h"
#include "cpu/threads.h"

namespace nameplate::cpu {

class CpuDevice : public Device {
 public:
  // Runs on the cores of `at`, and so does the thread that opens it.
  explicit CpuDevice(Placement at);

  Facts facts() const override;
  std::size_t freeBytes() const override;
  std::vector<std::string> providers() const override;

  std::unique_ptr<Buffer> allocate(std::size_t bytes) override;
  std::unique_ptr<Buffer> allocateHost(std::size_t bytes, HostMemory) override;
  void write(Buffer& to, std::size_t offset, const void* from, std::size_t bytes) override;
  void read(const Buffer& from, std::size_t offset, void* to, std::size_t bytes) override;
  void copy(Buffer& to, std::size_t toOffset, const Buffer& from, std::size_t fromOffset,
            std::size_t bytes) override;
  void fill(Buffer&, std::uint32_t word) override;
  void fillPattern(Buffer&, std::uint64_t seed, std::uint64_t mask) override;
  Mismatch compare(const Buffer& expected, const Buffer& actual, std::size_t bytes) override;

  Kernel gemm(const GemmShape&, const std::string& provider, const Operands* tuneOn) override;
  Kernel stream(Stream, std::size_t bytesPerArray, const std::string& provider,
                const Operands* tuneOn) override;
  std::size_t sets(Scope) const override;
  Kernel sweep(const Sweep&, const std::string& provider) override;
  std::size_t lineBytes() const override;
  Kernel chase(std::size_t steps, const std::string& provider) override;
  Kernel emptyLaunch(Submission, std::size_t kernels, const std::string& provider) override;
  Kernel dpx(const DpxLoop&, const std::string& provider) override;
  Kernel link(Direction, HostMemory, std::size_t bytes, const std::string& provider) override;
  void transpose(const Operands&, std::size_t rows, std::size_t columns, std::size_t elementBytes) override;

  std::unique_ptr<Batch> record(std::size_t launches, const std::function<void(std::size_t)>& launch,
                                bool capturable) override;
  std::unique_ptr<Watch> watch(const std::string& peer) override;
  std::optional<Ceiling> ceiling(const std::string& resource) override;
  std::unique_ptr<Module> load(std::span<const std::byte> image) override;
  void synchronize() override {}
  void settle() override;

 private:
  using Launches = std::vector<std::function<void()>>;

  Kernel queued(Kernel);
  void enqueue(std::function<void()>);
  void move(std::byte* to, const std::byte* from, std::size_t bytes);

  Placement place_;
  Threads threads_;
  Launches* recording_ = nullptr;
};

}  // namespace nameplate::cpu
