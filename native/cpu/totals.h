// Sums that a tile may add up no further, or that C does not hold as they are.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <type_traits>

#include "cpu/tile.h"

namespace nameplate::cpu {

// Adds the `width` sums of one row of a tile to their totals, and writes what has become final.
template <class Format>
void settle(const typename Format::Sum* sums, typename Format::Total* totals, std::size_t width, bool first,
            bool last, typename Format::Output* out) {
  using Total = typename Format::Total;
  std::array<Total, mostColumns> now;
  first ? std::fill_n(now.data(), width, Total{}) : std::copy_n(totals, width, now.data());
  Format::add(now.data(), sums, width);
  if (!last)
    std::copy_n(now.data(), width, totals);
  else if constexpr (std::is_same_v<Total, typename Format::Output>)
    std::copy_n(now.data(), width, out);
  else
    Format::encode(now.data(), 0, out, 0, 1, width);
}

}  // namespace nameplate::cpu
