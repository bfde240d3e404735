// What the checks of the emulated kernels have in common: matrices of small integers with NaN around them,
// their plain product, and what a launch hands to a kernel.
#pragma once

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
#include <vector>

#include "kernels/wgmma.h"
#include "machine.h"
#include "random.h"

namespace nameplate {

using machine::Timing;

struct Format {
  DType dtype;
  int low, high;  // of the integers that inputs are drawn from: sums stay exact up to K = 1100
};
constexpr Format bf16{DType::bf16, -3, 4}, fp16{DType::fp16, -3, 4}, fp16_acc16{DType::fp16, -1, 1},
    tf32{DType::tf32, -3, 40}, int8{DType::int8, -128, 127}, fp8e4m3{DType::fp8e4m3, -3, 4},
    fp8e4m3_fast = fp8e4m3, fp8e5m2{DType::fp8e5m2, -2, 3}, fp8e5m2_fast = fp8e5m2;

constexpr Timing timings[] = {{false, true, false}, {true, false, false}, {true, true, true},
                              {false, false, true}, {true, true, false},  {false, true, true}};

[[noreturn]] inline void fail(const std::string& what) {
  std::printf("FAILED: %s\n", what.c_str());
  std::exit(1);
}

// rows x columns elements, rows whole 16 bytes apart and some more; NaN between them, and before and after.
struct Matrix {
  static constexpr std::size_t redZone = 256;
  DType dtype;
  std::size_t rows, columns, ld, bytes;
  std::byte* memory;

  Matrix(DType dtype, std::size_t rows, std::size_t columns, std::size_t extraChunks)
      : dtype(dtype), rows(rows), columns(columns) {
    const std::size_t size = row(dtype).bytes, chunk = 16 / size;
    ld = ((columns + chunk - 1) / chunk + extraChunks) * chunk;
    if (ld == 0) ld = chunk;
    bytes = rows * ld * size + 2 * redZone;
    memory = static_cast<std::byte*>(::operator new(bytes, std::align_val_t(redZone)));
    std::memset(memory, 0x7f, bytes);
  }
  ~Matrix() { ::operator delete(memory, std::align_val_t(redZone)); }
  Matrix(const Matrix&) = delete;
  Matrix& operator=(const Matrix&) = delete;

  std::byte* data() const { return memory + redZone; }
  double at(std::size_t r, std::size_t c) const { return load(dtype, data(), r * ld + c); }
  void set(std::size_t r, std::size_t c, double value) { store(dtype, data(), r * ld + c, value); }
  void randomize(unsigned long long seed, const Format& format) {
    for (std::size_t r = 0; r < rows; ++r)
      for (std::size_t c = 0; c < columns; ++c)
        set(r, c,
            format.low + std::floor(randomUnit(seed, r * columns + c) * (format.high - format.low + 1)));
  }
};

inline void multiply(const Matrix& a, const Matrix& b, Matrix& c) {
  const auto values = [](const Matrix& matrix) {
    std::vector<float> all(matrix.rows * matrix.columns);
    for (std::size_t i = 0; i < all.size(); ++i)
      all[i] = static_cast<float>(matrix.at(i / matrix.columns, i % matrix.columns));
    return all;
  };
  const std::vector<float> x = values(a), y = values(b);
  for (std::size_t i = 0; i < c.rows; ++i)
    for (std::size_t j = 0; j < c.columns; ++j) {
      double sum = 0;
      for (std::size_t l = 0; l < a.columns; ++l)
        sum += static_cast<double>(x[i * a.columns + l]) * static_cast<double>(y[j * a.columns + l]);
      c.set(i, j, sum);
    }
}

inline void encode(TensorMap& map, const Matrix& matrix, unsigned boxRows) {
  const std::size_t size = row(matrix.dtype).bytes;
  machine::encode(map, matrix.dtype, matrix.data(), matrix.columns, matrix.rows, matrix.ld * size,
                  static_cast<unsigned>(WgmmaTile::rowBytes / size), boxRows);
}

// What the blocks of a grid with K in parts share; no part has come.
struct Workspace {
  std::vector<unsigned> partials, arrivals;

  Workspace(const WgmmaTile& tile, const WgmmaGrid& grid)
      : partials(grid.partialBytes(tile) / 4, 0x7f7f7f7f), arrivals(grid.arrivalBytes(tile) / 4) {}
};

// As native/cuda/wgmma.cc does.
inline WgmmaParameters parametersOf(const WgmmaTile& tile, const Matrix& a, const Matrix& b, const Matrix& c,
                                    const WgmmaGrid& grid, Workspace& workspace) {
  WgmmaParameters p{};
  encode(p.c, c, WgmmaTile::pieceRows);
  p.a = p.b = p.c;
  if (b.columns > 0) {
    encode(p.a, a, tile.rowsOfA());
    encode(p.b, b, tile.rowsOfB());
  }
  p.down = static_cast<unsigned>(grid.down);
  p.across = static_cast<unsigned>(grid.across);
  p.group = WgmmaGrid::group;
  p.steps = static_cast<unsigned>(grid.steps);
  p.stepsOfPart = static_cast<unsigned>(grid.stepsOfPart);
  p.parts = static_cast<unsigned>(grid.parts);
  p.partials = workspace.partials.data();
  p.arrivals = workspace.arrivals.data();
  return p;
}

inline std::string nameOf(const std::string& kernel, std::size_t m, std::size_t n, std::size_t k,
                          unsigned parts, Timing timing) {
  return kernel + " " + std::to_string(m) + "x" + std::to_string(n) + "x" + std::to_string(k) + " in " +
         std::to_string(parts) + (timing.lateCopies ? ", late copies" : "") +
         (timing.lateMultiplies ? ", late multiplies" : "") + (timing.backward ? ", backward" : "");
}

inline void requireSame(const Matrix& c, const Matrix& expected, const std::string& what) {
  if (std::memcmp(c.memory, expected.memory, c.bytes) == 0) return;
  const std::size_t size = row(c.dtype).bytes;
  for (std::size_t i = 0; i < c.rows; ++i)
    for (std::size_t j = 0; j < c.columns; ++j)
      if (std::memcmp(&c.data()[(i * c.ld + j) * size], &expected.data()[(i * c.ld + j) * size], size) != 0)
        fail(what + ": C[" + std::to_string(i) + "][" + std::to_string(j) + "] is " +
             std::to_string(c.at(i, j)) + ", not " + std::to_string(expected.at(i, j)));
  fail(what + ": a write beside C");
}

}  // namespace nameplate
