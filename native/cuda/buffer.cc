#include "cuda/buffer.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "cuda/numa.h"

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

class PeerBuffer final : public CudaBuffer {
 public:
  PeerBuffer(SharedContext own, SharedContext peer, std::size_t bytes)
      : CudaBuffer(std::move(own), false, bytes), peer_(std::move(peer)) {
    peer_->bind();
    CUdeviceptr address = 0;
    check(driver().cuMemAlloc(&address, atLeastOne(bytes)), "cuMemAlloc",
          std::to_string(bytes) + " bytes asked for on the peer: ask for less, or end other processes there");
    address_ = address;
    context_->bind();
  }
  ~PeerBuffer() override {
    peer_->bindQuietly();
    ignore(driver().cuMemFree(address_));
    context_->bindQuietly();
  }

 private:
  SharedContext peer_;
};

// Where host memory is to lie, and what there is to say of it.
struct HostPlace {
  std::optional<int> node{};
  std::string where{};
  bool placed = true;
  // What comes into being while this lives lies there.
  std::optional<OnNode> choose() const {
    return node ? std::optional<OnNode>(std::in_place, *node) : std::nullopt;
  }
};

class HostBuffer : public CudaBuffer {
 public:
  HostBuffer(SharedContext context, std::size_t bytes, HostPlace place)
      : CudaBuffer(std::move(context), true, bytes), place_(std::move(place)) {}
  std::string where() const final { return place_.where; }
  bool placed() const final { return place_.placed; }

 protected:
  HostPlace place_;
};

class PinnedBuffer final : public HostBuffer {
 public:
  PinnedBuffer(SharedContext context, std::size_t bytes, HostPlace place)
      : HostBuffer(std::move(context), bytes, std::move(place)) {
    context_->bind();
    const auto policy = place_.choose();
    void* address = nullptr;
    check(driver().cuMemHostAlloc(&address, atLeastOne(bytes), portableHostMemory), "cuMemHostAlloc",
          std::to_string(bytes) + " bytes of pinned host memory asked for: ask for less, or free some of it");
    address_ = reinterpret_cast<std::uintptr_t>(address);
  }
  ~PinnedBuffer() override {
    context_->bindQuietly();
    ignore(driver().cuMemFreeHost(host()));
  }
};

class PageableBuffer final : public HostBuffer {
 public:
  PageableBuffer(SharedContext context, std::size_t bytes, HostPlace place)
      : HostBuffer(std::move(context), bytes, std::move(place)) {
    const auto policy = place_.choose();
    // From the system: pages that a heap hands out again stay on the node where they were touched first.
    void* address =
        mmap(nullptr, atLeastOne(bytes), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (address == MAP_FAILED)
      throw Error("ENOMEM", std::to_string(bytes) +
                                " bytes of host memory asked for, and not there: ask for less, or free some");
    std::memset(address, 0, bytes);
    address_ = reinterpret_cast<std::uintptr_t>(address);
  }
  ~PageableBuffer() override { munmap(host(), atLeastOne(bytes())); }
};

}  // namespace

std::unique_ptr<Buffer> allocateDevice(SharedContext context, std::size_t bytes) {
  return std::make_unique<DeviceBuffer>(std::move(context), bytes);
}

std::unique_ptr<Buffer> allocatePeer(SharedContext own, SharedContext peer, std::size_t bytes) {
  return std::make_unique<PeerBuffer>(std::move(own), std::move(peer), bytes);
}

namespace {

// Near memory is worth having even where the system does not let its node be chosen.
template <class Made>
std::unique_ptr<Buffer> near(const SharedContext& context, std::size_t bytes, std::optional<int> node) {
  if (!node || hostNodes(driver().root).size() < 2)
    return std::make_unique<Made>(context, bytes, HostPlace{});
  const std::string own = "on NUMA node " + std::to_string(*node) + ", the device's own";
  try {
    return std::make_unique<Made>(context, bytes, HostPlace{node, own});
  } catch (const Unsupported& refusal) {
    const std::string any = std::string("on a node of the system's choice: ") + refusal.what();
    return std::make_unique<Made>(context, bytes, HostPlace{std::nullopt, any, false});
  }
}

std::unique_ptr<Buffer> far(const SharedContext& context, std::size_t bytes, std::optional<int> node) {
  if (!node) throw Unsupported("the system names no NUMA node of this device, so none is far from it");
  const auto farthest = farthestFrom(*node, driver().root);
  if (!farthest) throw Unsupported("one NUMA node of the host: no memory of it is far from the device");
  const std::string where = "on NUMA node " + std::to_string(farthest->node) + ", at distance " +
                            std::to_string(farthest->distance) + " of the device's node " +
                            std::to_string(*node) + " (10: the same)";
  return std::make_unique<PinnedBuffer>(context, bytes, HostPlace{farthest->node, where});
}

}  // namespace

std::unique_ptr<Buffer> allocateHost(SharedContext context, std::size_t bytes, HostMemory memory,
                                     std::optional<int> node) {
  switch (memory) {
    case HostMemory::pinned:
      return near<PinnedBuffer>(context, bytes, node);
    case HostMemory::far:
      return far(context, bytes, node);
    case HostMemory::pageable:
      break;
  }
  return near<PageableBuffer>(context, bytes, node);
}

}  // namespace nameplate::cuda
