#include <cstdio>

#include "workload.h"

namespace nameplate {

void Verification::differs(std::size_t index, std::string expected, std::string actual) {
  if (!first || index < first->index) first = Difference{index, std::move(expected), std::move(actual)};
  ++differences;
}

void Verification::differs(const Mismatch& mismatch) {
  if (mismatch.count == 0) return;
  const auto hex = [](std::uint32_t word) {
    std::array<char, 16> text;
    return std::string(text.data(),
                       static_cast<std::size_t>(std::snprintf(text.data(), text.size(), "0x%08x", word)));
  };
  differs(mismatch.firstWord, hex(mismatch.expected), hex(mismatch.actual));
  differences += mismatch.count - 1;
}

}  // namespace nameplate
