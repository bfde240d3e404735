#include "sum_bits.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace nameplate {
namespace {

// A sum of three terms, big + small - big, is the small one where it has not been lost. Its terms lie in one
// instruction, whose products are added together, and, since an instruction takes 32 elements of K, in three.
struct Places {
  std::size_t big, small, back;
};
constexpr Places places[] = {{0, 1, 2}, {0, 32, 64}};

constexpr double half = 256;  // the big term is its square
constexpr std::size_t columns = mostSumBits - leastSumBits + 1;

double smallTerm(std::size_t column) {
  return std::ldexp(half * half, -static_cast<int>(leastSumBits + column));
}

// A row with `values` at places of K and zeros elsewhere; what is behind its end stays as it is.
void writeRow(Device& device, const GemmShape& shape, Buffer& to, std::size_t at, std::size_t leading,
              std::initializer_list<std::pair<std::size_t, double>> values) {
  const std::size_t size = row(shape.dtype).bytes;
  std::vector<std::byte> elements(shape.k * size);
  for (const auto& [place, value] : values) store(shape.dtype, elements.data(), place, value);
  device.write(to, at * leading * size, elements.data(), elements.size());
}

}  // namespace

std::optional<std::size_t> sumBits(Device& device, const GemmShape& shape, Buffer& a, Buffer& b,
                                   const Buffer& c, std::size_t firstOfC,
                                   const std::function<void()>& launch) {
  if (shape.m < std::size(places) || shape.n < columns || shape.k <= places[1].back) return std::nullopt;
  for (std::size_t i = 0; i < std::size(places); ++i)
    writeRow(device, shape, a, i, shape.lda,
             {{places[i].big, half}, {places[i].small, 1}, {places[i].back, half}});
  for (std::size_t j = 0; j < columns; ++j)
    writeRow(device, shape, b, j, shape.ldb,
             {{places[0].big, half},
              {places[0].small, smallTerm(j)},
              {places[0].back, -half},
              {places[1].small, smallTerm(j)},
              {places[1].back, -half}});
  launch();
  const DType output = row(shape.dtype).output;
  std::size_t least = columns;
  for (std::size_t i = 0; i < std::size(places); ++i) {
    std::vector<std::byte> found(columns * row(output).bytes);
    device.read(c, firstOfC + i * shape.ldc * row(output).bytes, found.data(), found.size());
    std::size_t kept = 0;
    while (kept < columns && load(output, found.data(), kept) == smallTerm(kept)) ++kept;
    least = std::min(least, kept);
  }
  return leastSumBits + least - 1;
}

}  // namespace nameplate
