// The device's memory: host memory behind addresses that the host cannot follow.
#pragma once

#include <cstddef>
#include <cstdint>

#include "device.h"

namespace nameplate::simulated {

struct Span {
  CUdeviceptr address = 0;
  std::size_t bytes = 0;
};

// Where a span is. `allocation` changes with every write to the allocation; it is 0 in host memory, which
// anyone may write to unseen.
struct Place {
  std::byte* host = nullptr;
  std::uint64_t generation = 0;
};

// Throws Refusal with CUDA_ERROR_ILLEGAL_ADDRESS where the span leaves its allocation, or is pageable memory
// and `pageable` does not allow that.
Place place(const Span& span, bool pageable);

// Says that the allocation was written to, and returns its new generation.
std::uint64_t written(const Span& span);

// How large the allocation is, and how much was written on all devices since it was last.
struct Recency {
  std::size_t bytes;
  std::uint64_t writtenSince;
};
Recency recency(const Span& span);

// The newest generation of all: while it stays, nothing on any device was written to.
std::uint64_t generation();

bool onDevice(const Span& span);
// Whether two spans are in one allocation.
bool together(const Span& one, const Span& other);

}  // namespace nameplate::simulated
