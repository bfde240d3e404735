#include "stream_reference.h"

#include <array>

namespace nameplate {
namespace {

constexpr double wordTwice = std::bit_cast<double>(streamWord * 0x100000001ull);

constexpr std::array<StreamRow, 7> rows{{
    // in the order of Stream
    {1, Result::fold, 0, "each byte read once", [](double a, double) { return a; }},
    {0, Result::array, 0, "each byte written once", [](double, double) { return wordTwice; }},
    {1, Result::array, 0, "bytes read plus bytes written", [](double a, double) { return a; }},
    {1, Result::array, 1, "bytes read plus bytes written", [](double a, double) { return 2 * a; }},
    {2, Result::array, 1, "bytes of two arrays read plus one written",
     [](double a, double b) { return a + b; }},
    {2, Result::array, 2, "bytes of two arrays read plus one written",
     [](double a, double b) { return a + 2 * b; }},
    {2, Result::sum, 2, "bytes of two arrays read", [](double a, double b) { return a * b; }},
}};

}  // namespace

const StreamRow& streamRow(Stream stream) {
  return rows[static_cast<std::size_t>(stream)];
}

StreamReference::StreamReference(Stream stream, std::size_t words, std::uint64_t seed)
    : row_(streamRow(stream)), words_(words), seed_(seed) {}

// What each thread makes of its share of the elements.
template <class Value, class Add>
std::vector<Value> StreamReference::shares(cpu::Threads& threads, Add add) const {
  std::vector<Value> shares(threads.count());
  threads.shares(words_, 512, [&](std::size_t share, std::size_t begin, std::size_t end) {
    Value value{};
    for (std::size_t i = begin; i < end; ++i) add(value, element(i));
    shares[share] = value;
  });
  return shares;
}

std::uint32_t StreamReference::fold(cpu::Threads& threads) {
  if (fold_) return *fold_;
  const auto add = [](std::uint64_t& all, double element) { all ^= std::bit_cast<std::uint64_t>(element); };
  std::uint64_t all = 0;
  for (const std::uint64_t share : shares<std::uint64_t>(threads, add)) all ^= share;
  fold_ = static_cast<std::uint32_t>(all ^ (all >> 32));
  return *fold_;
}

double StreamReference::sum(cpu::Threads& threads) {
  if (sum_) return *sum_;
  const auto add = [](double& all, double element) { all += element; };
  sum_ = 0;
  for (const double share : shares<double>(threads, add)) *sum_ += share;
  return *sum_;
}

}  // namespace nameplate
