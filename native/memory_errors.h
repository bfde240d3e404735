// Errors that memory could not correct, of all the memory that a row uses: a copy to another GPU rests on
// that one's as well.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <utility>

#include "backend.h"

namespace nameplate {

class MemoryErrors {
 public:
  // `peer` as in Shape.
  MemoryErrors(const Device& device, std::string peer)
      : device_(device), peer_(std::move(peer)), last_(now()) {}

  // How many came since this was made, or asked before; absent where no device tells.
  std::optional<double> rise() {
    const auto before = std::exchange(last_, now());
    std::optional<double> all;
    for (std::size_t i = 0; i < last_.size(); ++i)
      if (before[i] && last_[i]) all = all.value_or(0) + (*last_[i] - *before[i]);
    return all;
  }

 private:
  using Counts = std::array<std::optional<double>, 2>;
  Counts now() const {
    return {device_.uncorrectedErrors(""), peer_.empty() ? std::nullopt : device_.uncorrectedErrors(peer_)};
  }

  const Device& device_;
  std::string peer_;
  Counts last_;
};

}  // namespace nameplate
