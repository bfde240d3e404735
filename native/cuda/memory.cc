// Moving, filling and comparing buffers. Both ends of a copy may be host memory, which the device sees only
// if it is pinned; so what touches host memory with anything but a copy is done by the host.
#include <algorithm>
#include <cstring>
#include <limits>
#include <vector>

#include "cuda/device.h"
#include "kernels/parameters.h"
#include "random.h"

namespace nameplate::cuda {
namespace {

constexpr std::size_t chunkBytes = std::size_t{16} << 20;  // staged through the host at a time

void requireInside(const Buffer& buffer, std::size_t offset, std::size_t bytes) {
  if (offset > buffer.bytes() || bytes > buffer.bytes() - offset)
    throw Error("ERANGE", std::to_string(bytes) + " bytes at offset " + std::to_string(offset) +
                              " do not fit a buffer of " + std::to_string(buffer.bytes()) + " bytes");
}

// Calls part(offset, bytes) for each chunk of `total` bytes.
template <typename Part>
void inChunks(std::size_t total, Part part) {
  for (std::size_t at = 0; at < total; at += chunkBytes) part(at, std::min(chunkBytes, total - at));
}

void compareWords(const std::uint32_t* expected, const std::uint32_t* actual, std::size_t words,
                  std::size_t firstIndex, Mismatch& found) {
  for (std::size_t i = 0; i < words; ++i) {
    if (expected[i] == actual[i]) continue;
    if (found.count++ == 0) {
      found.firstWord = firstIndex + i;
      found.expected = expected[i];
      found.actual = actual[i];
    }
  }
}

}  // namespace

const CudaBuffer& CudaDevice::ours(const Buffer& buffer) const {
  const auto* known = dynamic_cast<const CudaBuffer*>(&buffer);
  if (!known || (!known->onHost() && known->context() != context_))
    throw Error("EINVAL", "the buffer belongs to another device");
  return *known;
}

bool CudaDevice::hasOwnMemoryKernels() const {
  return kernels_.holds("buffer");
}

// Enough blocks to fill the device, for kernels that stride by the whole grid.
unsigned CudaDevice::wholeDevice() const {
  return context_->multiprocessors() * 4;
}

std::unique_ptr<Buffer> CudaDevice::allocate(std::size_t bytes) {
  return allocateDevice(context_, bytes);
}

std::unique_ptr<Buffer> CudaDevice::allocateHost(std::size_t bytes, HostMemory memory) {
  const auto node = identity_.numaNode ? std::optional(static_cast<int>(*identity_.numaNode)) : std::nullopt;
  return nameplate::cuda::allocateHost(context_, bytes, memory, node);
}

void CudaDevice::write(Buffer& to, std::size_t offset, const void* from, std::size_t bytes) {
  requireInside(to, offset, bytes);
  if (bytes == 0) return;
  if (ours(to).onHost()) {
    synchronize();
    std::memcpy(reinterpret_cast<void*>(to.address() + offset), from, bytes);
    return;
  }
  context_->bind();
  check(driver().cuMemcpyHtoDAsync(to.address() + offset, from, bytes, context_->stream()),
        "cuMemcpyHtoDAsync");
  context_->synchronize();
}

void CudaDevice::read(const Buffer& from, std::size_t offset, void* to, std::size_t bytes) {
  requireInside(from, offset, bytes);
  if (bytes == 0) return;
  if (ours(from).onHost()) {
    synchronize();
    std::memcpy(to, reinterpret_cast<const void*>(from.address() + offset), bytes);
    return;
  }
  context_->bind();
  check(driver().cuMemcpyDtoHAsync(to, from.address() + offset, bytes, context_->stream()),
        "cuMemcpyDtoHAsync");
  context_->synchronize();
}

void CudaDevice::copy(Buffer& to, std::size_t toOffset, const Buffer& from, std::size_t fromOffset,
                      std::size_t bytes) {
  requireInside(to, toOffset, bytes);
  requireInside(from, fromOffset, bytes);
  if (bytes == 0) return;
  if (ours(from).onHost())
    return write(to, toOffset, reinterpret_cast<void*>(from.address() + fromOffset), bytes);
  if (ours(to).onHost())
    return read(from, fromOffset, reinterpret_cast<void*>(to.address() + toOffset), bytes);
  context_->bind();
  check(driver().cuMemcpyDtoDAsync(to.address() + toOffset, from.address() + fromOffset, bytes,
                                   context_->stream()),
        "cuMemcpyDtoDAsync");
  context_->synchronize();
}

void CudaDevice::fill(Buffer& buffer, std::uint32_t word) {
  const std::size_t words = buffer.bytes() / sizeof word;
  synchronize();
  if (words == 0) return;
  if (ours(buffer).onHost()) {
    std::fill_n(static_cast<std::uint32_t*>(ours(buffer).host()), words, word);
    return;
  }
  check(driver().cuMemsetD32Async(buffer.address(), word, words, context_->stream()), "cuMemsetD32Async");
  context_->synchronize();
}

void CudaDevice::fillPattern(Buffer& buffer, std::uint64_t seed, std::uint64_t mask) {
  const std::size_t words = buffer.bytes() / 8;
  synchronize();
  if (words == 0) return;
  if (ours(buffer).onHost() || !hasOwnMemoryKernels()) {
    std::vector<std::uint64_t> part(std::min(words, chunkBytes / 8));
    return inChunks(words * 8, [&](std::size_t at, std::size_t bytes) {
      for (std::size_t i = 0; i < bytes / 8; ++i) part[i] = patternWord(seed, at / 8 + i) & mask;
      write(buffer, at, part.data(), bytes);
    });
  }
  kernels_.find("buffer", "pattern_fill")
      .launch(wholeDevice(), {bufferThreads, 1}, PatternParameters{ours(buffer).host(), words, seed, mask});
  context_->synchronize();
}

Mismatch CudaDevice::compare(const Buffer& expected, const Buffer& actual, std::size_t bytes) {
  if (bytes % 4 != 0) throw Error("EINVAL", "buffers are compared in whole 32-bit words");
  requireInside(expected, 0, bytes);
  requireInside(actual, 0, bytes);
  synchronize();
  if (bytes == 0) return {};
  const CudaBuffer& one = ours(expected);
  const CudaBuffer& other = ours(actual);
  const bool byHost = one.onHost() || other.onHost() || !hasOwnMemoryKernels();
  return byHost ? compareOnHost(one, other, bytes / 4) : compareOnDevice(one, other, bytes / 4);
}

Mismatch CudaDevice::compareOnDevice(const CudaBuffer& expected, const CudaBuffer& actual,
                                     std::size_t words) {
  struct Found {
    unsigned long long count = 0, first = std::numeric_limits<unsigned long long>::max();
  } found;
  const auto scratch = allocate(sizeof found);
  write(*scratch, 0, &found, sizeof found);
  auto* out = reinterpret_cast<unsigned long long*>(scratch->address());
  kernels_.find("buffer", "buffer_compare")
      .launch(wholeDevice(), {bufferThreads, 1},
              CompareParameters{expected.host(), actual.host(), words, out, out + 1});
  read(*scratch, 0, &found, sizeof found);
  if (found.count == 0) return {};
  Mismatch mismatch{found.count, found.first, 0, 0};
  read(expected, mismatch.firstWord * 4, &mismatch.expected, 4);
  read(actual, mismatch.firstWord * 4, &mismatch.actual, 4);
  return mismatch;
}

Mismatch CudaDevice::compareOnHost(const CudaBuffer& expected, const CudaBuffer& actual, std::size_t words) {
  Mismatch found;
  std::vector<std::uint32_t> one(std::min(words, chunkBytes / 4)), other(one.size());
  inChunks(words * 4, [&](std::size_t at, std::size_t bytes) {
    read(expected, at, one.data(), bytes);
    read(actual, at, other.data(), bytes);
    compareWords(one.data(), other.data(), bytes / 4, at / 4, found);
  });
  return found;
}

void CudaDevice::transpose(const Operands& operands, std::size_t rows, std::size_t columns,
                           std::size_t elementBytes) {
  if (elementBytes != 1 && elementBytes != 2 && elementBytes != 4 && elementBytes != 8)
    throw Error("EINVAL",
                "elements of " + std::to_string(elementBytes) + " bytes; allowed are 1, 2, 4 and 8");
  if (rows == 0 || columns == 0) return;
  if (!hasOwnMemoryKernels()) return transposeOnHost(operands, rows, columns, elementBytes);
  constexpr std::size_t tile = transposeTile, mostBlocks = 0x7fffffff;
  const std::size_t down = (rows + tile - 1) / tile, across = (columns + tile - 1) / tile;
  if (down > mostBlocks / across)
    throw Error("ERANGE", "the matrix has more tiles than one grid takes: transpose it in parts");
  kernels_.find("buffer", "transpose_" + std::to_string(elementBytes))
      .launch(static_cast<unsigned>(down * across), {transposeTile, 8},
              TransposeParameters{reinterpret_cast<void*>(operands.out),
                                  reinterpret_cast<const void*>(operands.a), rows, columns});
}

void CudaDevice::transposeOnHost(const Operands& operands, std::size_t rows, std::size_t columns,
                                 std::size_t elementBytes) {
  std::vector<std::byte> a(rows * columns * elementBytes), out(a.size());
  context_->bind();
  check(driver().cuMemcpyDtoHAsync(a.data(), operands.a, a.size(), context_->stream()), "cuMemcpyDtoHAsync");
  context_->synchronize();
  for (std::size_t row = 0; row < rows; ++row)
    for (std::size_t column = 0; column < columns; ++column)
      std::memcpy(&out[(column * rows + row) * elementBytes], &a[(row * columns + column) * elementBytes],
                  elementBytes);
  check(driver().cuMemcpyHtoDAsync(operands.out, out.data(), out.size(), context_->stream()),
        "cuMemcpyHtoDAsync");
  context_->synchronize();
}

}  // namespace nameplate::cuda
