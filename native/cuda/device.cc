#include "cuda/device.h"

#include "cuda/batch.h"
#include "cuda/chase.h"
#include "cuda/cublaslt_library.h"
#include "cuda/cusparselt_library.h"
#include "cuda/dpx.h"
#include "cuda/facts.h"
#include "cuda/launch.h"
#include "cuda/link.h"
#include "cuda/sweep.h"
#include "cuda/watch.h"

namespace nameplate::cuda {
namespace {

// The providers of each operation, by name.
template <typename Make>
struct Provider {
  const char* name;
  Make make;
};

template <typename Make, std::size_t count>
Kernel provide(const char* operation, const std::string& name, const Provider<Make> (&providers)[count]) {
  std::string known;
  for (const Provider<Make>& provider : providers) {
    if (provider.name == name) return provider.make();
    known += (known.empty() ? "" : ", ") + std::string(provider.name);
  }
  throw Unsupported("provider \"" + name + "\" has no " + operation + " on CUDA devices; " + operation +
                    " comes from: " + known);
}

using Make = std::function<Kernel()>;

void requireShape(const GemmShape& shape) {
  if (shape.lda < (shape.sparse ? shape.k / 2 : shape.k) || shape.ldb < shape.k || shape.ldc < shape.n)
    throw Error("EINVAL",
                "a leading dimension is shorter than its row: lda and ldb are at least K, ldc at least N");
}

}  // namespace

CudaDevice::CudaDevice(int ordinal)
    : ordinal_(ordinal),
      identity_(deviceFacts(ordinal)),
      context_(std::make_shared<const Context>(deviceAt(ordinal))),
      kernels_(context_),
      builtinGemm_(kernels_),
      builtinStream_(kernels_),
      cublasLt_(context_),
      cusparseLt_(context_),
      peers_(context_, identity_) {}

Facts CudaDevice::facts() const {
  return deviceFacts(ordinal_);
}

std::size_t CudaDevice::freeBytes() const {
  context_->bind();
  std::size_t free = 0, total = 0;
  check(driver().cuMemGetInfo(&free, &total), "cuMemGetInfo");
  return free;
}

std::vector<std::string> CudaDevice::providers() const {
  std::vector<std::string> names{"builtin", "driver"};
  if (cublasLt()) names.push_back("cublaslt");
  if (cusparseLt()) names.push_back("cusparselt");
  return names;
}

Kernel CudaDevice::gemm(const GemmShape& shape, const std::string& provider, const Operands* tuneOn) {
  requireShape(shape);
  const Provider<Make> providers[] = {{"builtin", [&] { return builtinGemm_.gemm(shape, tuneOn); }},
                                      {"cublaslt", [&] { return cublasLt_.gemm(shape, tuneOn); }},
                                      {"cusparselt", [&] { return cusparseLt_.gemm(shape, tuneOn); }}};
  return provide("GEMM", provider, providers);
}

Kernel CudaDevice::stream(Stream kind, std::size_t bytesPerArray, const std::string& provider,
                          const Operands* tuneOn) {
  if (bytesPerArray % 8 != 0)
    throw Error("EINVAL", "a memory row moves whole 64-bit words: " + std::to_string(bytesPerArray) +
                              " bytes per array is no multiple of 8");
  const Provider<Make> providers[] = {
      {"builtin", [&] { return builtinStream_.stream(kind, bytesPerArray, tuneOn); }},
      {"driver", [&] { return driverStream(context_, kind, bytesPerArray); }}};
  return provide("memory row", provider, providers);
}

std::size_t CudaDevice::sets(Scope scope) const {
  if (scope == Scope::device) return 1;
  return context_->multiprocessors();
}

Kernel CudaDevice::sweep(const Sweep& sweep, const std::string& provider) {
  const Provider<Make> providers[] = {{"builtin", [&] { return cacheSweep(kernels_, sweep); }}};
  return provide("cache row", provider, providers);
}

// A line of L1 and L2, though memory is fetched by its sectors of 32 bytes.
std::size_t CudaDevice::lineBytes() const {
  return 128;
}

Kernel CudaDevice::chase(std::size_t steps, const std::string& provider) {
  const Provider<Make> providers[] = {{"builtin", [&] { return pointerChase(kernels_, steps); }}};
  return provide("latency row", provider, providers);
}

Kernel CudaDevice::emptyLaunch(Submission submission, std::size_t kernels, const std::string& provider) {
  const Provider<Make> providers[] = {
      {"driver", [&] { return driverLaunch(kernels_, submission, kernels); }}};
  return provide("launch row", provider, providers);
}

Kernel CudaDevice::dpx(const DpxLoop& loop, const std::string& provider) {
  const Provider<Make> providers[] = {{"builtin", [&] { return dpxLoop(kernels_, loop); }}};
  return provide("DPX row", provider, providers);
}

std::unique_ptr<Buffer> CudaDevice::allocateOn(const std::string& peer, std::size_t bytes) {
  return allocatePeer(context_, peers_.reach(peer).context, bytes);
}

Kernel CudaDevice::peerCopy(const std::string& peer, bool both, std::size_t bytes,
                            const std::string& provider) {
  const Provider<Make> providers[] = {
      {"driver", [&] { return driverPeerCopy(context_, peers_.reach(peer), both, bytes); }}};
  return provide("peer row", provider, providers);
}

Kernel CudaDevice::link(Direction direction, HostMemory memory, std::size_t bytes,
                        const std::string& provider) {
  const Provider<Make> providers[] = {
      {"builtin", [&] { return builtinLink(kernels_, direction, memory, bytes); }},
      {"driver", [&] { return driverLink(context_, direction, memory, bytes); }}};
  return provide("link row", provider, providers);
}

std::unique_ptr<Batch> CudaDevice::record(std::size_t launches,
                                          const std::function<void(std::size_t)>& launch, bool capturable) {
  if (launches == 0) throw Error("EINVAL", "a batch has at least one launch");
  return recordBatch(context_, launches, launch, capturable);
}

std::unique_ptr<Watch> CudaDevice::watch(const std::string& peer) {
  return watchDevice(identity_, peer.empty() ? std::nullopt : peers_.identity(peer));
}

std::optional<double> CudaDevice::uncorrectedErrors(const std::string& peer) const {
  if (peer.empty()) return uncorrectedErrorsOf(identity_);
  const auto other = peers_.identity(peer);
  return other ? uncorrectedErrorsOf(*other) : std::nullopt;
}

std::unique_ptr<Module> CudaDevice::load(std::span<const std::byte> image) {
  return std::make_unique<CudaModule>(context_, image);
}

void CudaDevice::synchronize() {
  context_->bind();
  context_->synchronize();
}

}  // namespace nameplate::cuda
