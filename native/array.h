// Arrays of 64-bit words on a device, compared on the host with words that are computed anew.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "backend.h"
#include "cpu/threads.h"
#include "workload.h"

namespace nameplate {

// As many words as the host holds at a time, which may be short of memory: 16 MiB.
inline constexpr std::size_t chunkWords = std::size_t{1} << 21;

// `count` words from byte `offset` on: word i against wordOf(i). placeOf(i) says in words which it is.
template <class WordOf, class PlaceOf>
void compareArray(Device& device, cpu::Threads& threads, const Buffer& array, std::size_t offset,
                  std::size_t count, WordOf wordOf, PlaceOf placeOf, Verification& verification) {
  std::vector<std::uint64_t> words(std::min(chunkWords, count));
  for (std::size_t from = 0; from < count; from += chunkWords) {
    const std::size_t n = std::min(chunkWords, count - from);
    device.read(array, offset + from * 8, words.data(), n * 8);
    std::vector<Verification> found(threads.count());
    threads.shares(n, 512, [&](std::size_t share, std::size_t begin, std::size_t end) {
      found[share].compareWords(std::span<const std::uint64_t>(words).subspan(begin, end - begin), wordOf,
                                placeOf, from + begin);
    });
    for (const Verification& part : found) verification.add(part);
  }
  verification.compared += count;
}

}  // namespace nameplate
