// Multiplies with every tile that this processor runs, in every format, across every edge, and holds the
// products against plain loops in float64. Build and run, from the root of the package:
//
//   g++ -std=c++20 -O2 -I native -o gemm -pthread test/cpu/gemm.cc
//       native/cpu/{blocking,gemm,encode,tile*,memory,threads,cgroup,placement,processor}.cc
//   ./gemm [EVERY]      7: each seventh product alone, for a slow emulator; kinds, threads and offsets recur
//                       every 4, 3 and 5
//
// Exit status 1 on the first wrong product. What surrounds a matrix is NaN or 0x7f in A and B, so that
// reading it shows, and must be what it was in C.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "cpu/blocking.h"
#include "cpu/formats.h"
#include "cpu/gemm.h"
#include "random.h"

namespace nameplate {
namespace {

using namespace cpu;

constexpr std::byte around{0x7f};  // bytes of a NaN in fp32, fp16, bf16 and FP8; 127 in int8
constexpr std::size_t margin = 64;

[[noreturn]] void fail(const std::string& what) {
  std::printf("FAILED: %s\n", what.c_str());
  std::exit(1);
}

struct Matrix {
  // `offset` elements from a boundary of 64 bytes.
  Matrix(DType dtype, std::size_t rows, std::size_t leading, std::size_t offset)
      : dtype(dtype),
        leading(leading),
        bytes(3 * margin + (offset + rows * leading) * row(dtype).bytes, around) {
    const std::size_t past = reinterpret_cast<std::uintptr_t>(bytes.data()) % margin;
    start = 2 * margin - past + offset * row(dtype).bytes;
  }
  std::uintptr_t address() const { return reinterpret_cast<std::uintptr_t>(bytes.data() + start); }
  double at(std::size_t r, std::size_t c) const { return load(dtype, bytes.data() + start, r * leading + c); }
  void set(std::size_t r, std::size_t c, double value) {
    store(dtype, bytes.data() + start, r * leading + c, value);
  }

  DType dtype;
  std::size_t leading, start = 0;
  std::vector<std::byte> bytes;
};

// Whole numbers of at most 1, whose short sums are exact in every format; otherwise what a run draws.
double drawn(DType dtype, bool whole, std::uint64_t seed, std::size_t index) {
  if (whole) return static_cast<double>(mix(seed, index) % 3) - 1;
  return dtype == DType::int8 ? static_cast<double>(mix(seed, index) % 256) - 128
                              : 2 * randomUnit(seed, index) - 1;
}

// What the product may differ by: that many units of fp32's or fp64's last place of sum |a||b|, and the
// rounding of the output.
double limit(const GemmShape& shape, double exact, double scale) {
  if (shape.dtype == DType::int8) return 0;
  const double steps = static_cast<double>(shape.k) + 2;
  if (shape.dtype == DType::fp64) return steps * 0x1p-53 * scale;
  if (shape.accumulator == Accumulator::half)
    return (steps / 16 + 2) * 0x1p-11 * scale + 0x1p-11 * std::fabs(exact) + 0x1p-25;
  const DType output = row(shape.dtype).output;
  const double ofResult = output == DType::bf16 ? 0x1p-8 : output == DType::fp16 ? 0x1p-11 : 0;
  return steps * 0x1p-24 * scale + ofResult * std::fabs(exact) + (output == DType::fp32 ? 0 : 0x1p-25);
}

struct Case {
  DType dtype;
  Accumulator accumulator;
  std::size_t m, n, k;
};

void check(const Case& c, const Tiles& tiles, Threads& threads, std::size_t seed) {
  const bool whole = seed % 3 == 0, lines = seed % 4 == 3;  // whose rows are whole lines
  const std::size_t offset = lines ? 0 : seed % 5;
  const std::size_t ldc = lines ? cpu::roundUp(c.n + 1, 64) : c.n + 1 + seed % 5;
  const GemmShape shape{c.dtype, c.accumulator, c.m, c.n, c.k, c.k + seed % 4, c.k + seed % 3, ldc};
  Matrix a(c.dtype, c.m, shape.lda, offset), b(c.dtype, c.n, shape.ldb, offset);
  Matrix out(row(c.dtype).output, c.m, shape.ldc, offset);
  for (Matrix* matrix : {&a, &b})
    for (std::size_t r = 0; r < (matrix == &a ? c.m : c.n); ++r)
      for (std::size_t e = 0; e < c.k; ++e)
        matrix->set(r, e, drawn(c.dtype, whole, seed + (matrix == &a), r * c.k + e));

  const Kernel kernel = blockedGemm(shape, threads, tiles);
  kernel.launch({out.address(), a.address(), b.address()});

  const std::string name = kernel.name + ": " + std::to_string(c.m) + " x " + std::to_string(c.n) + " x " +
                           std::to_string(c.k) + (whole ? ", whole numbers" : "");
  std::vector<double> right(c.n * c.k);
  for (std::size_t j = 0; j < c.n; ++j)
    for (std::size_t e = 0; e < c.k; ++e) right[j * c.k + e] = b.at(j, e);
  for (std::size_t i = 0; i < c.m; ++i) {
    std::vector<double> left(c.k);
    for (std::size_t e = 0; e < c.k; ++e) left[e] = a.at(i, e);
    for (std::size_t j = 0; j < c.n; ++j) {
      double exact = 0, scale = 0;
      for (std::size_t e = 0; e < c.k; ++e) {
        exact += left[e] * right[j * c.k + e];
        scale += std::fabs(left[e] * right[j * c.k + e]);
      }
      const double allowed = whole && scale <= 256 ? 0 : limit(shape, exact, scale);
      if (!(std::fabs(out.at(i, j) - exact) <= allowed))
        fail(name + ": element " + std::to_string(i) + ", " + std::to_string(j) + " is " +
             std::to_string(out.at(i, j)) + " and not " + std::to_string(exact));
    }
  }
  const std::size_t size = row(out.dtype).bytes;
  for (std::size_t byte = 0; byte < out.bytes.size(); ++byte) {
    const std::size_t element = (byte - out.start) / size;
    const bool inside = byte >= out.start && element / out.leading < c.m && element % out.leading < c.n;
    if (!inside && out.bytes[byte] != around)
      fail(name + ": byte " + std::to_string(byte) + " outside C was written");
  }
}

constexpr Case formats[] = {
    {DType::fp64, Accumulator::full, 0, 0, 0},    {DType::fp32, Accumulator::full, 0, 0, 0},
    {DType::tf32, Accumulator::full, 0, 0, 0},    {DType::fp16, Accumulator::full, 0, 0, 0},
    {DType::fp16, Accumulator::half, 0, 0, 0},    {DType::bf16, Accumulator::full, 0, 0, 0},
    {DType::fp8e4m3, Accumulator::full, 0, 0, 0}, {DType::fp8e5m2, Accumulator::full, 0, 0, 0},
    {DType::int8, Accumulator::full, 0, 0, 0},
};

// Nothing at all; one row, column or element; several slices of K, one after the other and taking turns with
// blocks of columns; shares of rows, and blocks of them.
constexpr std::size_t shapes[][3] = {
    {0, 5, 5},       {5, 0, 5},       {5, 5, 0},       {1, 1, 1},       {1, 1, 3000},
    {1, 700, 40},    {700, 1, 40},    {33, 400, 2050}, {257, 49, 1029}, {64, 1000, 96},
    {1000, 64, 130}, {96, 480, 4096}, {3, 5, 131071},  {9, 900, 2100},  {2000, 20, 1030},
};

std::size_t checkAll(const Tiles& tiles, std::size_t every) {
  Threads one(1, {}), two(2, {}), five(5, {});
  Threads* const pools[] = {&one, &two, &five};
  std::size_t count = 0, checked = 0;
  const auto next = [&](Case c, std::size_t m, std::size_t n, std::size_t k) {
    c.m = m, c.n = n, c.k = k;
    if (count % every == 0) {
      check(c, tiles, *pools[count % 3], count);
      ++checked;
    }
    ++count;
  };
  for (const Case& format : formats) {
    for (std::size_t size = 1; size <= 70; ++size) {
      next(format, size, 53, 19);
      next(format, 11, size, 34);
      next(format, 10, 50, size);
      next(format, size, size, size);
    }
    for (const auto& [m, n, k] : shapes) next(format, m, n, k);
  }
  // With whole lines in its rows, which are written past the caches as they come out of a tile.
  for (const Case& format : formats) {
    const auto lined = [&](std::size_t m, std::size_t n, std::size_t k) {
      check({format.dtype, format.accumulator, m, n, k}, tiles, five, 4 * (count + checked++) + 3);
    };
    for (const std::size_t m : {1, 5, 6, 8})
      for (const std::size_t n : {32, 64, 96, 224})
        for (const std::size_t k : {1, 7, 64, 600}) lined(m, n, k);
    lined(64, 176, 600);  // blocks side by side
    lined(6, 96, 4096);   // slices
  }
  // Too large for the caches.
  if (tiles.fp32.lanes * sizeof(float) == 64)
    for (const DType dtype : {DType::fp64, DType::fp32, DType::tf32, DType::bf16, DType::int8})
      check({dtype, Accumulator::full, 2200, 4095, 3}, tiles, two, 15 * (count + checked++));
  return checked;
}

// The fast conversions agree with dtype.h: every bit pattern of a small format, and numbers next to each.
void checkConversions() {
  const auto same = [](double left, double right) {
    return (std::isnan(left) && std::isnan(right)) ||
           (left == right && std::signbit(left) == std::signbit(right));
  };
  for (unsigned bits = 0; bits < 65536; ++bits) {
    const auto wide = static_cast<std::uint16_t>(bits);
    const auto narrow = static_cast<std::uint8_t>(bits);
    if (!same(decodeFp16(wide), decodeSmallFloat(row(DType::fp16), wide)) ||
        !same(decodeBf16(wide), decodeSmallFloat(row(DType::bf16), wide)) ||
        !same(decodeFp8e4m3(narrow), decodeSmallFloat(row(DType::fp8e4m3), narrow)) ||
        !same(Fp8e5m2Format::left(narrow), decodeSmallFloat(row(DType::fp8e5m2), narrow)))
      fail("decoding " + std::to_string(bits));
    const std::vector<std::uint16_t> nine(9, wide);  // eight at a time, and one that is left
    std::vector<float> widened(nine.size());
    decodeFp16(nine.data(), widened.data(), nine.size());
    for (const float number : widened)
      if (!same(number, decodeFp16(wide))) fail("widening " + std::to_string(bits));
    for (const float number : {decodeFp16(wide), decodeBf16(wide)})
      for (const float near :
           {number, std::nextafter(number, INFINITY), number * 1.000244140625f, number * 1.0009f}) {
        if (std::isnan(near)) continue;
        if (encodeFp16(near) != encodeSmallFloat(row(DType::fp16), near) ||
            encodeBf16(near) != encodeSmallFloat(row(DType::bf16), near))
          fail("encoding " + std::to_string(near));
      }
  }
}

}  // namespace

int run(std::size_t every) {
  checkConversions();
  // From the plainest processor to this one, one instruction set more at a time.
  const Instructions here = instructions();
  Instructions has;
  const auto report = [&](const char* path) {
    std::printf("%s: %zu products right\n", path, checkAll(tilesFor(has), every));
  };
  report("baseline");
  if ((has.avx = here.avx)) report("AVX");
  if ((has.avx2 = here.avx2)) report("AVX2");
  if ((has.avxVnni = here.avxVnni)) report("AVX_VNNI");
  has.avxVnni = false;
  if ((has.avx512 = here.avx512)) report("AVX-512");
  if ((has.avx512Bf16 = here.avx512Bf16)) report("AVX512_BF16");
  if ((has.avx512Vnni = here.avx512Vnni)) report("AVX512_VNNI");
  return 0;
}

}  // namespace nameplate

int main(int count, char** arguments) {
  return nameplate::run(count > 1 ? std::strtoul(arguments[1], nullptr, 10) : 1);
}
