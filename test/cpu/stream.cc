// Runs the memory rows' loops of every instruction set that this processor has, and holds what they leave
// against plain ones. Build and run, from the root of the package:
//
//   g++ -std=c++20 -O2 -I native -pthread test/cpu/stream.cc native/cpu/{stream*,threads,placement,...}.cc
//
// Arrays end at a page that may not be touched, so that a step beyond the end is a segmentation fault. Exit
// status 1 on the first difference.
#include <sys/mman.h>
#include <unistd.h>

#include <bit>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "cpu/stream.h"
#include "cpu/stream_loops.h"
#include "random.h"

namespace nameplate {
namespace {

constexpr std::uint64_t untouched = poisonWord * 0x100000001ull;

[[noreturn]] void fail(const std::string& what) {
  std::printf("FAILED: %s\n", what.c_str());
  std::exit(1);
}

// `words` words from a boundary of 64 bytes, with poison behind them up to the forbidden page.
class Array {
 public:
  explicit Array(std::size_t words)
      : page_(static_cast<std::size_t>(sysconf(_SC_PAGESIZE))),
        extent_((words * 8 + 63) / 64 * 64),
        bytes_((extent_ + page_ - 1) / page_ * page_ + page_),
        base_(mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) {
    if (base_ == MAP_FAILED) fail("no memory");
    std::byte* const fence = static_cast<std::byte*>(base_) + bytes_ - page_;
    mprotect(fence, page_, PROT_NONE);
    words_ = reinterpret_cast<std::uint64_t*>(fence - extent_);
    for (std::size_t i = 0; i < extent_ / 8; ++i) words_[i] = untouched;
  }
  ~Array() { munmap(base_, bytes_); }
  Array(const Array&) = delete;
  Array& operator=(const Array&) = delete;

  std::uint64_t& operator[](std::size_t i) const { return words_[i]; }
  std::uintptr_t address() const { return reinterpret_cast<std::uintptr_t>(words_); }
  std::size_t extent() const { return extent_ / 8; }

 private:
  std::size_t page_, extent_, bytes_;
  void* base_;
  std::uint64_t* words_;
};

double expected(Stream stream, double a, double b) {
  switch (stream) {
    case Stream::write:
      return std::bit_cast<double>(streamWord * 0x100000001ull);
    case Stream::read:
    case Stream::copy:
      return a;
    case Stream::scale:
      return 2 * a;
    case Stream::add:
      return a + b;
    case Stream::triad:
      return a + 2 * b;
    case Stream::dot:
      return a * b;
  }
  return 0;
}

const char* const names[] = {"read", "write", "copy", "scale", "add", "triad", "dot"};

// `shares` parts of [0, words), as threads would have them, cut at multiples of a line.
void check(const cpu::StreamLoops& loops, std::size_t words, std::size_t shares) {
  const Array a(words), b(words);
  for (std::size_t i = 0; i < a.extent(); ++i) {  // also behind the end: what is read there must show
    a[i] = patternWord(1, i) & shortMantissa;
    b[i] = patternWord(2, i) & shortMantissa;
  }
  const auto value = [](std::uint64_t word) { return std::bit_cast<double>(word); };
  for (const Stream stream :
       {Stream::read, Stream::write, Stream::copy, Stream::scale, Stream::add, Stream::triad, Stream::dot}) {
    const std::string where = std::string(loops.path) + " " + names[static_cast<int>(stream)] + " of " +
                              std::to_string(words) + " words in " + std::to_string(shares);
    const Array out(words);
    std::vector<std::uint64_t> partials(shares);
    const bool array = stream != Stream::read && stream != Stream::dot;
    const std::size_t each = ((words + 7) / 8 + shares - 1) / shares * 64;
    for (std::size_t share = 0; share < shares; ++share) {
      const std::size_t begin = std::min(words * 8, share * each), end = std::min(words * 8, begin + each);
      const auto to = array ? out.address() : reinterpret_cast<std::uintptr_t>(partials.data());
      loops.run[static_cast<std::size_t>(stream)]({to, a.address(), b.address(), begin, end, share});
    }
    if (array) {
      for (std::size_t i = 0; i < out.extent(); ++i)
        if (out[i] != (i < words ? std::bit_cast<std::uint64_t>(expected(stream, value(a[i]), value(b[i])))
                                 : untouched))
          fail(where + ", word " + std::to_string(i));
    } else if (stream == Stream::dot) {
      double sum = 0, found = 0;
      for (std::size_t i = 0; i < words; ++i) sum += value(a[i]) * value(b[i]);
      for (const std::uint64_t partial : partials) found += value(partial);
      if (sum != found) fail(where);
    } else {
      std::uint64_t fold = 0;
      std::uint32_t found = 0;
      for (std::size_t i = 0; i < words; ++i) fold ^= a[i];
      for (std::size_t i = 0; i < shares; ++i)
        found ^= reinterpret_cast<const std::uint32_t*>(partials.data())[i];
      if (static_cast<std::uint32_t>(fold ^ fold >> 32) != found) fail(where);
    }
  }
}

void refuse(const char* what, const std::string& code, auto call) {
  try {
    call();
  } catch (const Error& error) {
    if (error.code != code) fail(std::string(what) + " is refused as " + error.code);
    return;
  }
  fail(std::string(what) + " is not refused");
}

void checkRefusals() {
  cpu::Threads threads(1, {});
  const Array a(64), out(64);
  refuse("half a word", "EINVAL", [&] { cpu::memoryStream(Stream::copy, 12, threads); });
  const Kernel copy = cpu::memoryStream(Stream::copy, 256, threads);
  refuse("an odd start of a", "EINVAL", [&] { copy.launch({out.address(), a.address() + 8, 0}); });
  refuse("an odd start of out", "EINVAL", [&] { copy.launch({out.address() + 16, a.address(), 0}); });
  refuse("a triad of the C library", "ENOTSUP", [&] { cpu::libraryStream(Stream::triad, 256, threads); });
  std::printf("refusals right\n");
}

}  // namespace
}  // namespace nameplate

int main() {
  using namespace nameplate;
  for (const cpu::StreamLoops* loops : cpu::streamLoops()) {
    if (!loops->here()) continue;
    std::size_t checked = 0;
    for (std::size_t words = 0; words < 70; ++words, ++checked)
      for (const std::size_t shares : {1, 2, 3}) check(*loops, words, shares);
    for (const std::size_t words : {511, 512, 513, 4096, 10007}) check(*loops, words, 3), ++checked;
    std::printf("%s: %zu sizes right\n", std::string(loops->path).c_str(), checked);
  }
  checkRefusals();
}
