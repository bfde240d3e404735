#include "rotations.h"

#include <iostream>

#include "workload.h"

using namespace nameplate;

namespace {

class FakeBuffer : public Buffer {
 public:
  FakeBuffer(std::size_t bytes, std::size_t& held) : Buffer(4096, bytes), held_(held) { held_ += bytes; }
  ~FakeBuffer() override { held_ -= bytes_; }

 private:
  std::size_t& held_;
};

class FakeDevice : public Device {
 public:
  FakeDevice(double cache, std::size_t free, std::size_t providers) : free_(free), names_(providers) {
    facts_.l2Bytes = cache;
  }
  Facts facts() const override { return facts_; }
  std::size_t freeBytes() const override { return free_ - held; }
  std::vector<std::string> providers() const override { return names_; }
  std::unique_ptr<Buffer> allocate(std::size_t bytes) override {
    return std::make_unique<FakeBuffer>(bytes, held);
  }
  std::unique_ptr<Buffer> allocateHost(std::size_t bytes, HostMemory) override { return allocate(bytes); }
  void write(Buffer&, std::size_t, const void*, std::size_t) override {}
  void read(const Buffer&, std::size_t, void*, std::size_t) override {}
  void copy(Buffer&, std::size_t, const Buffer&, std::size_t, std::size_t) override {}
  void fill(Buffer&, std::uint32_t) override {}
  void fillPattern(Buffer&, std::uint64_t, std::uint64_t) override {}
  Mismatch compare(const Buffer&, const Buffer&, std::size_t) override { return {}; }
  Kernel gemm(const GemmShape&, const std::string&, const Operands*) override { return {}; }
  Kernel stream(Stream, std::size_t, const std::string&, const Operands*) override { return {}; }
  Kernel link(Direction, HostMemory, std::size_t, const std::string&) override { return {}; }
  std::size_t sets(Scope) const override { return 1; }
  Kernel sweep(const Sweep&, const std::string&) override { return {}; }
  std::size_t lineBytes() const override { return 64; }
  Kernel chase(std::size_t, const std::string&) override { return {}; }
  Kernel emptyLaunch(Submission, std::size_t, const std::string&) override { return {}; }
  Kernel dpx(const DpxLoop&, const std::string&) override { return {}; }
  void transpose(const Operands&, std::size_t, std::size_t, std::size_t) override {}
  std::unique_ptr<Batch> record(std::size_t, const std::function<void(std::size_t)>&, bool) override {
    return nullptr;
  }
  std::unique_ptr<Watch> watch(const std::string&) override { return nullptr; }
  std::unique_ptr<Module> load(std::span<const std::byte>) override { return nullptr; }
  void synchronize() override {}

  std::size_t held = 0;

 private:
  Facts facts_;
  std::size_t free_;
  std::vector<std::string> names_;
};

}  // namespace

void printRotations(double cacheBytes, std::size_t freeBytes, std::size_t providers, std::size_t side) {
  FakeDevice device(cacheBytes, freeBytes, providers);
  const Workload workload = gemmWorkload(device, GemmOperation{DType::fp32},
                                         Shape{.m = side, .n = side, .k = side}, Data::zeros, 1);
  std::vector<std::unique_ptr<Trial>> trials;
  for (const std::string& provider : device.providers()) trials.push_back(workload(provider));
  std::cout << "held " << device.held << "\nrotations " << trials.front()->work().rotations << "\nnote "
            << trials.front()->kernel().note << "\n";
}
