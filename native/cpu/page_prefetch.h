// Pages that are soon to be written to, prefetched a few at a time while others are computed.
//
// Where a page lies in memory is looked up when it has not been touched for a while: tens of nanoseconds, and
// several times that under a hypervisor, whose own tables are read on the way. Stores wait for it one after
// the other; a prefetch does not.
#pragma once

#include <algorithm>
#include <cstddef>

namespace nameplate::cpu {

class PagePrefetch {
 public:
  // Those of `bytes` in each of `rows` rows, which lie `stride` bytes apart.
  PagePrefetch(const std::byte* from, std::size_t rows, std::size_t stride, std::size_t bytes)
      : from_(from), rows_(rows), stride_(stride), bytes_(bytes), total_(rows * (bytes / page + 1)) {}

  // Prefetches the part of all that `done` is of `of`, less what has been before.
  void advance(std::size_t done, std::size_t of) {
    for (; prefetched_ * of < done * total_; ++prefetched_) {
      __builtin_prefetch(from_ + row_ * stride_ + std::min(at_, bytes_ - 1));
      if (++row_ < rows_) continue;
      row_ = 0;
      at_ += page;
    }
  }

 private:
  // A system may have larger ones, and the hypervisor under it these.
  static constexpr std::size_t page = 4096;
  const std::byte* from_;
  std::size_t rows_, stride_, bytes_, total_;
  std::size_t prefetched_ = 0, row_ = 0, at_ = 0;  // `at_` in `row_` comes next
};

}  // namespace nameplate::cpu
