// The pattern of random.h in a part of a buffer: what copies and sweeps are given, and what copies leave.
//
// Every word of it can be computed anew: so it is checked, and put right, without a copy.
#pragma once

#include <string>

#include "cpu/threads.h"
#include "workload.h"

namespace nameplate {

class Pattern {
 public:
  // `bytes`, of whole words, from byte `offset` of the buffer on. `where` follows the number of a word: " on
  // the peer".
  Pattern(Device& device, Buffer& buffer, std::size_t offset, std::size_t bytes, std::uint64_t seed,
          std::string where = "")
      : device_(&device),
        buffer_(&buffer),
        offset_(offset),
        bytes_(bytes),
        seed_(seed),
        where_(std::move(where)) {}

  std::size_t bytes() const { return bytes_; }
  void write() const;
  // What nothing writes over is found by the next comparison.
  void poison() const;
  void compare(cpu::Threads&, Verification&) const;
  // Adds the words that are not as they were written, and writes them anew.
  void restore(cpu::Threads&, Verification& found) const;

 private:
  template <class WordOf>
  void fill(WordOf wordOf) const;

  Device* device_;
  Buffer* buffer_;
  std::size_t offset_, bytes_;
  std::uint64_t seed_;
  std::string where_;
};

}  // namespace nameplate
