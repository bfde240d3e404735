#include "pattern.h"

#include "array.h"
#include "random.h"

namespace nameplate {

template <class WordOf>
void Pattern::fill(WordOf wordOf) const {
  std::vector<std::uint64_t> words(std::min(chunkWords, bytes_ / 8));
  for (std::size_t from = 0; from < bytes_ / 8; from += chunkWords) {
    const std::size_t n = std::min(chunkWords, bytes_ / 8 - from);
    for (std::size_t i = 0; i < n; ++i) words[i] = wordOf(from + i);
    device_->write(*buffer_, offset_ + from * 8, words.data(), n * 8);
  }
}

void Pattern::write() const {
  fill([this](std::size_t i) { return patternWord(seed_, i); });
}

void Pattern::poison() const {
  fill([](std::size_t) { return poisonWord * 0x100000001ull; });
}

void Pattern::compare(cpu::Threads& threads, Verification& verification) const {
  compareArray(
      *device_, threads, *buffer_, offset_, bytes_ / 8,
      [this](std::size_t i) { return patternWord(seed_, i); },
      [this](std::size_t i) { return wordText(i) + where_; }, verification);
}

void Pattern::restore(cpu::Threads& threads, Verification& found) const {
  Verification now;
  compare(threads, now);
  if (!now.passed()) write();
  found.add(now);
}

}  // namespace nameplate
