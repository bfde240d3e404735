// A CUDA device as backend.h means it: one context, one stream, and the providers that run on them.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "backend.h"
#include "cuda/buffer.h"
#include "cuda/cublaslt.h"
#include "cuda/cusparselt.h"
#include "cuda/gemm.h"
#include "cuda/kernels.h"
#include "cuda/peer.h"
#include "cuda/stream.h"
#include "cuda/xids.h"

namespace nameplate::cuda {

class CudaDevice final : public Device {
 public:
  explicit CudaDevice(int ordinal);

  Facts facts() const override;
  std::size_t freeBytes() const override;
  std::vector<std::string> providers() const override;

  // Memory: memory.cc.
  std::unique_ptr<Buffer> allocate(std::size_t bytes) override;
  std::unique_ptr<Buffer> allocateHost(std::size_t bytes, HostMemory) override;
  void write(Buffer& to, std::size_t offset, const void* from, std::size_t bytes) override;
  void read(const Buffer& from, std::size_t offset, void* to, std::size_t bytes) override;
  void copy(Buffer& to, std::size_t toOffset, const Buffer& from, std::size_t fromOffset,
            std::size_t bytes) override;
  void fill(Buffer&, std::uint32_t word) override;
  void fillPattern(Buffer&, std::uint64_t seed, std::uint64_t mask) override;
  Mismatch compare(const Buffer& expected, const Buffer& actual, std::size_t bytes) override;
  void transpose(const Operands&, std::size_t rows, std::size_t columns, std::size_t elementBytes) override;

  Kernel gemm(const GemmShape&, const std::string& provider, const Operands* tuneOn) override;
  Kernel stream(Stream, std::size_t bytesPerArray, const std::string& provider,
                const Operands* tuneOn) override;
  std::size_t sets(Scope) const override;
  Kernel sweep(const Sweep&, const std::string& provider) override;
  std::size_t lineBytes() const override;
  Kernel chase(std::size_t steps, const std::string& provider) override;
  Kernel emptyLaunch(Submission, std::size_t kernels, const std::string& provider) override;
  Kernel dpx(const DpxLoop&, const std::string& provider) override;
  std::unique_ptr<Buffer> allocateOn(const std::string& peer, std::size_t bytes) override;
  Kernel peerCopy(const std::string& peer, bool both, std::size_t bytes,
                  const std::string& provider) override;
  Kernel link(Direction, HostMemory, std::size_t bytes, const std::string& provider) override;

  std::unique_ptr<Batch> record(std::size_t launches, const std::function<void(std::size_t)>& launch,
                                bool capturable) override;
  std::unique_ptr<Watch> watch(const std::string& peer) override;
  std::unique_ptr<Xids> xids() const override { return listenForXids(identity_); }
  std::optional<double> uncorrectedErrors(const std::string& peer) const override;
  std::unique_ptr<Module> load(std::span<const std::byte> image) override;
  void synchronize() override;

 private:
  const CudaBuffer& ours(const Buffer&) const;
  Mismatch compareOnDevice(const CudaBuffer& expected, const CudaBuffer& actual, std::size_t words);
  Mismatch compareOnHost(const CudaBuffer& expected, const CudaBuffer& actual, std::size_t words);
  void transposeOnHost(const Operands&, std::size_t rows, std::size_t columns, std::size_t elementBytes);
  bool hasOwnMemoryKernels() const;
  unsigned wholeDevice() const;

  int ordinal_;
  Facts identity_;  // as they were when the device was opened
  SharedContext context_;
  OwnKernels kernels_;
  BuiltinGemm builtinGemm_;
  BuiltinStream builtinStream_;
  CublasLtGemm cublasLt_;
  CusparseLtGemm cusparseLt_;
  Peers peers_;
};

}  // namespace nameplate::cuda
