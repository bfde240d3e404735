#include "cuda/buffer.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string>

namespace nameplate::cuda {
namespace {

// The driver refuses to allocate nothing; a buffer of no bytes is a matrix of no elements, and legitimate.
std::size_t atLeastOne(std::size_t bytes) {
  return std::max<std::size_t>(bytes, 1);
}

class DeviceBuffer final : public CudaBuffer {
 public:
  DeviceBuffer(SharedContext context, std::size_t bytes) : CudaBuffer(std::move(context), false, bytes) {
    context_->bind();
    CUdeviceptr address = 0;
    const CUresult result = driver().cuMemAlloc(&address, atLeastOne(bytes));
    std::string remedy;
    if (std::size_t free = 0, total = 0;
        result == CUDA_ERROR_OUT_OF_MEMORY && driver().cuMemGetInfo(&free, &total) == CUDA_SUCCESS)
      remedy = std::to_string(bytes) + " bytes asked for, " + std::to_string(free) + " of " +
               std::to_string(total) + " free: ask for less, or end other processes on this device";
    check(result, "cuMemAlloc", remedy);
    address_ = address;
  }
  ~DeviceBuffer() override {
    context_->bindQuietly();
    ignore(driver().cuMemFree(address_));
  }
};

class PinnedBuffer final : public CudaBuffer {
 public:
  PinnedBuffer(SharedContext context, std::size_t bytes) : CudaBuffer(std::move(context), true, bytes) {
    context_->bind();
    void* address = nullptr;
    check(driver().cuMemHostAlloc(&address, atLeastOne(bytes), portableHostMemory), "cuMemHostAlloc",
          std::to_string(bytes) + " bytes of pinned host memory asked for");
    address_ = reinterpret_cast<std::uintptr_t>(address);
  }
  ~PinnedBuffer() override {
    context_->bindQuietly();
    ignore(driver().cuMemFreeHost(host()));
  }
};

class PageableBuffer final : public CudaBuffer {
 public:
  PageableBuffer(SharedContext context, std::size_t bytes) : CudaBuffer(std::move(context), true, bytes) {
    constexpr std::size_t page = 4096;
    void* address = std::aligned_alloc(page, (atLeastOne(bytes) + page - 1) / page * page);
    if (!address)
      throw Error("ENOMEM", std::to_string(bytes) + " bytes of host memory asked for, and not there");
    std::memset(address, 0, bytes);
    address_ = reinterpret_cast<std::uintptr_t>(address);
  }
  ~PageableBuffer() override { std::free(host()); }
};

}  // namespace

std::unique_ptr<Buffer> allocateDevice(SharedContext context, std::size_t bytes) {
  return std::make_unique<DeviceBuffer>(std::move(context), bytes);
}

std::unique_ptr<Buffer> allocateHost(SharedContext context, std::size_t bytes, HostMemory memory) {
  if (memory == HostMemory::pinned) return std::make_unique<PinnedBuffer>(std::move(context), bytes);
  return std::make_unique<PageableBuffer>(std::move(context), bytes);
}

}  // namespace nameplate::cuda
