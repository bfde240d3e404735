#include <cstdio>

#include "workload.h"

namespace nameplate {

void Verification::differs(std::size_t index, std::string at, std::string expected, std::string actual) {
  if (!first || index < first->index)
    first = Difference{index, std::move(at), std::move(expected), std::move(actual)};
  ++differences;
}

void Verification::differs(const Mismatch& mismatch, std::size_t index, std::string at,
                           std::string expected) {
  if (mismatch.count == 0) return;
  differs(index, std::move(at), std::move(expected), hex(mismatch.actual));
  differences += mismatch.count - 1;
}

void Verification::add(const Verification& later) {
  differences += later.differences;
  if (!first) first = later.first;
}

std::string wordText(std::size_t index) {
  return "64-bit word " + std::to_string(index);
}

std::string hex(std::uint64_t word) {
  std::array<char, 24> text;
  const int length = std::snprintf(text.data(), text.size(), "0x%llx", static_cast<unsigned long long>(word));
  return {text.data(), static_cast<std::size_t>(length)};
}

}  // namespace nameplate
