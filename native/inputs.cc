#include "inputs.h"

#include <array>
#include <cmath>
#include <numbers>

#include "backend.h"
#include "random.h"

namespace nameplate {
namespace {

double drawn(Data data, std::uint64_t seed, std::size_t index) {
  switch (data) {
    case Data::zeros:
      return 0;
    case Data::integers:
      return static_cast<double>(mix(seed, index) % 5) - 2;
    case Data::uniform:
      return 2 * randomUnit(seed, index) - 1;
    case Data::normal: {  // Box and Muller, 1958
      const double radius = std::sqrt(-2 * std::log(1 - randomUnit(seed, 2 * index)));
      return radius * std::cos(2 * std::numbers::pi * randomUnit(seed, 2 * index + 1));
    }
  }
  return 0;
}

// int8 uses its full range: the product of a uniform [-1, 1] would be all zeros.
double scaled(DType dtype, Data data, double value) {
  if (dtype != DType::int8 || data == Data::integers) return value;
  return data == Data::normal ? value * 42 : std::floor((value + 1) * 128) - 128;
}

std::uint16_t half16(std::uint64_t seed, std::size_t index) {
  return static_cast<std::uint16_t>(mix(seed, index / 4) >> (16 * (index % 4)));
}

// Calls fill(row, address of the row) for every row of a poisoned matrix.
template <typename Fill>
std::vector<std::byte> byRows(cpu::Threads& threads, DType dtype, std::size_t rows, std::size_t leading,
                              Fill fill) {
  const std::size_t bytes = rows * leading * row(dtype).bytes;
  std::vector<std::byte> matrix(bytes + 8);  // room for a whole poison word at the end
  threads.parallel(rows, [&](std::size_t r) {
    std::byte* at = matrix.data() + r * leading * row(dtype).bytes;
    const std::size_t rowBytes = leading * row(dtype).bytes;
    for (std::size_t b = 0; b < rowBytes; ++b) at[b] = static_cast<std::byte>(poisonWord >> (8 * (b % 4)));
    fill(r, at);
  });
  matrix.resize(bytes);
  return matrix;
}

}  // namespace

std::vector<std::byte> randomMatrix(cpu::Threads& threads, DType dtype, Data data, std::uint64_t seed,
                                    std::size_t rows, std::size_t columns, std::size_t leading) {
  const std::size_t size = row(dtype).bytes;
  if (size > 2) {
    return byRows(threads, dtype, rows, leading, [&](std::size_t r, std::byte* at) {
      for (std::size_t c = 0; c < columns; ++c) store(dtype, at, c, drawn(data, seed, r * columns + c));
    });
  }
  std::vector<std::byte> table(65536 * size);
  for (std::size_t i = 0; i < 65536; ++i) {
    // Uniform values lie on a grid of 2^16 steps; the other distributions are samples.
    const double value =
        data == Data::uniform ? (static_cast<double>(i) + 0.5) / 32768 - 1 : drawn(data, seed, i);
    store(dtype, table.data(), i, scaled(dtype, data, value));
  }
  return byRows(threads, dtype, rows, leading, [&](std::size_t r, std::byte* at) {
    for (std::size_t c = 0; c < columns; ++c)
      std::memcpy(at + c * size, table.data() + half16(seed ^ 0x5eed, r * columns + c) * size, size);
  });
}

void prune(cpu::Threads& threads, DType dtype, const Pruning& pruning, std::size_t rows, std::size_t columns,
           std::vector<std::byte>& matrix) {
  const std::size_t size = row(dtype).bytes;
  threads.parallel(rows, [&](std::size_t r) {
    for (std::size_t i = r * columns; i < (r + 1) * columns; ++i)
      if (!pruning.keeps(i)) std::memset(matrix.data() + i * size, 0, size);
  });
}

Ternary::Ternary(std::uint64_t seed, std::size_t k, std::optional<Pruning> pruning)
    : seed_(seed),
      threshold_(static_cast<std::uint32_t>(
          32768 * std::fmin(0.5, std::sqrt(512.0 / static_cast<double>(std::max<std::size_t>(k, 1)))))),
      pruning_(pruning) {}

int Ternary::at(std::size_t index) const {
  if (pruning_ && !pruning_->keeps(index)) return 0;
  const std::uint32_t draw = half16(seed_, index);
  return draw < threshold_ ? -1 : draw < 2 * threshold_ ? 1 : 0;
}

std::vector<std::byte> Ternary::matrix(cpu::Threads& threads, DType dtype, std::size_t rows,
                                       std::size_t columns, std::size_t leading) const {
  const std::size_t size = row(dtype).bytes;
  std::array<std::byte, 3 * sizeof(double)>
      encoded;  // -1, 0 and 1: encoding each element anew would take seconds
  for (std::size_t i = 0; i < 3; ++i) store(dtype, encoded.data(), i, static_cast<double>(i) - 1);
  return byRows(threads, dtype, rows, leading, [&](std::size_t r, std::byte* to) {
    for (std::size_t c = 0; c < columns; ++c) {
      const auto which = static_cast<std::size_t>(at(r * columns + c) + 1);
      std::memcpy(to + c * size, encoded.data() + which * size, size);
    }
  });
}

}  // namespace nameplate
