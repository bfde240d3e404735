#include "memory.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <map>
#include <memory>

#include "ledger.h"
#include "setting.h"
#include "stream.h"

namespace nameplate::simulated {
namespace {

// Beyond what a processor of today can address, and exact in a double.
constexpr CUdeviceptr firstAddress = 1ull << 48;
constexpr std::size_t alignment = 512;
// Nobody may count on zeros in fresh memory. Of a large allocation only the beginning is spoilt: touching the
// pages of a workspace costs more than all that is computed in it.
constexpr int freshByte = 0xdb;
constexpr std::size_t freshBytes = 4 << 20;

struct Release {
  void operator()(std::byte* memory) const { std::free(memory); }
};

struct Allocation {
  std::size_t bytes;
  unsigned device;
  std::unique_ptr<std::byte, Release> memory;
  std::uint64_t generation;
  std::uint64_t writtenAt = 0;  // of the bytes that were ever written
};

struct Memory {
  std::map<CUdeviceptr, Allocation> device;
  std::map<CUdeviceptr, Allocation> pinned;  // by host address
  std::map<unsigned, std::size_t> used;
  CUdeviceptr next = firstAddress;
  std::uint64_t generations = 0, writtenBytes = 0;
};

Memory& memory() {
  static Memory* const made = new Memory;
  return *made;
}

std::pair<const CUdeviceptr, Allocation>* find(std::map<CUdeviceptr, Allocation>& among, const Span& span) {
  auto after = among.upper_bound(span.address);
  if (after == among.begin()) return nullptr;
  auto& found = *std::prev(after);
  const std::size_t offset = span.address - found.first;
  const bool inside = offset <= found.second.bytes && span.bytes <= found.second.bytes - offset;
  return inside ? &found : nullptr;
}

std::size_t limit() {
  static const auto bytes = static_cast<std::size_t>(number("NAMEPLATE_SIMULATE_MEMORY", 4.0 * (1ull << 30)));
  return bytes;
}

Allocation allocation(std::size_t bytes, unsigned device) {
  const std::size_t rounded = (bytes + alignment - 1) / alignment * alignment;
  auto* made = static_cast<std::byte*>(std::aligned_alloc(alignment, rounded));
  require(made, CUDA_ERROR_OUT_OF_MEMORY);
  std::memset(made, freshByte, std::min(rounded, freshBytes));
  return {bytes, device, std::unique_ptr<std::byte, Release>(made), ++memory().generations, 0};
}

}  // namespace

bool onDevice(const Span& span) {
  return span.address >= firstAddress;
}

Place place(const Span& span, bool pageable) {
  if (!onDevice(span)) {
    require(pageable || find(memory().pinned, span), CUDA_ERROR_ILLEGAL_ADDRESS);
    return {reinterpret_cast<std::byte*>(span.address), 0};
  }
  auto* found = find(memory().device, span);
  require(found, CUDA_ERROR_ILLEGAL_ADDRESS);
  return {found->second.memory.get() + (span.address - found->first), found->second.generation};
}

std::uint64_t written(const Span& span) {
  auto* found = onDevice(span) ? find(memory().device, span) : nullptr;
  if (!found) return 0;
  found->second.writtenAt = memory().writtenBytes += span.bytes;
  return found->second.generation = ++memory().generations;
}

Recency recency(const Span& span) {
  const auto* found = find(memory().device, span);
  require(found, CUDA_ERROR_ILLEGAL_ADDRESS);
  return {found->second.bytes, memory().writtenBytes - found->second.writtenAt};
}

std::uint64_t generation() {
  return memory().generations;
}

bool together(const Span& one, const Span& other) {
  const auto* found = find(memory().device, one);
  return found && found == find(memory().device, other);
}

CUresult cuMemGetInfo(std::size_t* free, std::size_t* total) {
  *total = current().memoryBytes;
  *free = limit() - memory().used[current().ordinal];
  return CUDA_SUCCESS;
}

CUresult cuMemAlloc(CUdeviceptr* address, std::size_t bytes) {
  require(bytes > 0);
  refuseWhileCapturing();
  Memory& all = memory();
  std::size_t& used = all.used[current().ordinal];
  require(bytes <= limit() - used, CUDA_ERROR_OUT_OF_MEMORY);
  all.device.emplace(all.next, allocation(bytes, current().ordinal));
  used += bytes;
  ++ledger().allocations;
  *address = all.next;
  all.next += (bytes + 2 * alignment) / alignment * alignment;  // a gap, so that neighbours do not touch
  return CUDA_SUCCESS;
}

CUresult cuMemFree(CUdeviceptr address) {
  refuseWhileCapturing();
  const auto found = memory().device.find(address);
  require(found != memory().device.end());
  memory().used[found->second.device] -= found->second.bytes;
  memory().device.erase(found);
  --ledger().allocations;
  return CUDA_SUCCESS;
}

CUresult cuMemHostAlloc(void** address, std::size_t bytes, unsigned flags) {
  require(bytes > 0 && flags == portableHostMemory);
  refuseWhileCapturing();
  Allocation made = allocation(bytes, current().ordinal);
  *address = made.memory.get();
  ++ledger().pinned;
  memory().pinned.emplace(reinterpret_cast<CUdeviceptr>(*address), std::move(made));
  return CUDA_SUCCESS;
}

CUresult cuMemFreeHost(void* address) {
  refuseWhileCapturing();
  require(memory().pinned.erase(reinterpret_cast<CUdeviceptr>(address)) == 1);
  --ledger().pinned;
  return CUDA_SUCCESS;
}

}  // namespace nameplate::simulated
