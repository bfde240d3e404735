#include "reference.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <mutex>

#include "clones.h"
#include "random.h"

namespace nameplate {
namespace {

std::string print(double value) {
  std::array<char, 32> text;
  return {text.data(), static_cast<std::size_t>(std::snprintf(text.data(), text.size(), "%.9g", value))};
}

// Decoding by table: dtype.h's arithmetic would cost more than the product.
class Decoder {
 public:
  explicit Decoder(DType dtype) : dtype_(dtype) {
    if (row(dtype).bytes > 2) return;
    table_.resize(std::size_t{1} << (8 * row(dtype).bytes));
    for (std::size_t bits = 0; bits < table_.size(); ++bits) {
      const std::uint64_t narrow = bits;
      table_[bits] = load(dtype, &narrow, 0);  // little-endian: the low byte comes first
    }
  }
  double at(const std::byte* data, std::size_t index) const {
    if (table_.empty()) return load(dtype_, data, index);
    if (row(dtype_).bytes == 1) return table_[static_cast<std::uint8_t>(data[index])];
    std::uint16_t bits;
    std::memcpy(&bits, data + 2 * index, 2);
    return table_[bits];
  }

 private:
  DType dtype_;
  std::vector<double> table_;
};

// 64 of `count`: the first, the last, the neighbours of tile edges, and one in every 128 or so, so that each
// tile of a kernel is crossed. All of them where there are no more.
std::vector<std::size_t> chosen(std::size_t count) {
  constexpr std::size_t most = 64;
  std::vector<std::size_t> indices;
  if (count <= most) {
    for (std::size_t i = 0; i < count; ++i) indices.push_back(i);
    return indices;
  }
  for (const std::size_t edge : {std::size_t{0}, std::size_t{63}, std::size_t{64}, std::size_t{127},
                                 std::size_t{128}, std::size_t{255}, std::size_t{256}, count - 2, count - 1})
    if (edge < count) indices.push_back(edge);
  for (std::size_t i = 0; indices.size() < most; ++i)
    indices.push_back((i * count / most + mix(count, i) % 61) % count);
  std::ranges::sort(indices);
  indices.erase(std::ranges::unique(indices).begin(), indices.end());
  return indices;
}

// The dot products of `lines` (decoded, element-major: lines of one k beside each other, so that the inner
// loop has no reduction and vectorises) with one row of the other matrix.
NAMEPLATE_CLONES void dotMany(const double* lines, std::size_t count, const double* other, std::size_t k,
                              double* value, double* scale) {
  std::array<double, 64> sums{}, sizes{};
  for (std::size_t i = 0; i < k; ++i) {
    const double factor = other[i];
    const double* at = lines + i * 64;
    for (std::size_t line = 0; line < 64; ++line) {
      const double product = at[line] * factor;
      sums[line] += product;
      sizes[line] += std::fabs(product);
    }
  }
  std::copy_n(sums.data(), count, value);
  std::copy_n(sizes.data(), count, scale);
}

// What a right kernel may differ by, as a multiple of sum |a||b|, and of the result for the output's own
// rounding. Derived per format: tensor cores truncate when they align products, so the float formats get more
// than K ulp would.
struct Bound {
  double ofScale, ofResult;
  const char* words;
};

Bound bound(const GemmShape& shape) {
  const double k = static_cast<double>(shape.k);
  const auto two = [](int exponent) { return std::ldexp(1.0, exponent); };
  switch (shape.dtype) {
    case DType::fp64:
      return {(k + 1) * two(-53), two(-53), "K 2^-53 of sum |a||b|"};
    case DType::fp32:
      return {(k + 1) * two(-24), two(-24), "K 2^-24 of sum |a||b|"};
    case DType::tf32:
      return {(k / 4 + 8) * two(-23), two(-24), "(K/4 + 8) 2^-23 of sum |a||b|"};
    case DType::bf16:
      return {(k / 8 + 8) * two(-23), two(-8), "(K/8 + 8) 2^-23 of sum |a||b|, and 2^-8 of the result"};
    case DType::fp16:
      if (shape.accumulator == Accumulator::half)
        return {(k / 8 + 1) * two(-11), two(-11), "(K/8 + 1) 2^-11 of sum |a||b|, and 2^-11 of the result"};
      return {(k / 8 + 8) * two(-23), two(-11), "(K/8 + 8) 2^-23 of sum |a||b|, and 2^-11 of the result"};
    case DType::fp8e4m3:
    case DType::fp8e5m2:
      if (shape.accumulator == Accumulator::fast)
        return {(k / 32 + 1) * two(-13), two(-8), "(K/32 + 1) 2^-13 of sum |a||b|, and 2^-8 of the result"};
      return {4 * two(-13) + k / 128 * two(-24), two(-8),
              "2^-11 + K/128 2^-24 of sum |a||b|, and 2^-8 of the result"};
    case DType::int8:
    case DType::int32:
      break;
  }
  return {0, 0, "exact"};
}

}  // namespace

std::string place(const GemmShape& shape, std::size_t index) {
  return "row " + std::to_string(index / shape.ldc) + ", column " + std::to_string(index % shape.ldc);
}

Reference::Reference(cpu::Threads& threads, const HostGemm& gemm) : shape_(gemm.shape) {
  const Decoder decoder(shape_.dtype);
  const std::size_t k = shape_.k;
  const auto side = [&](bool isRow) {
    const std::byte* mine = isRow ? gemm.a : gemm.b;
    const std::byte* others = isRow ? gemm.b : gemm.a;
    const std::size_t myLeading = isRow ? shape_.lda : shape_.ldb,
                      otherLeading = isRow ? shape_.ldb : shape_.lda;
    const std::size_t length = isRow ? shape_.n : shape_.m;
    const std::vector<std::size_t> indices = chosen(isRow ? shape_.m : shape_.n);
    std::vector<double> lines(k * 64);
    for (std::size_t i = 0; i < indices.size(); ++i)
      for (std::size_t e = 0; e < k; ++e) lines[e * 64 + i] = decoder.at(mine, indices[i] * myLeading + e);
    const std::size_t first = lines_.size();
    for (const std::size_t index : indices)
      lines_.push_back({isRow, index, std::vector<double>(length), std::vector<double>(length)});
    threads.parallel(length, [&](std::size_t j) {
      std::vector<double> other(k);
      for (std::size_t e = 0; e < k; ++e) other[e] = decoder.at(others, j * otherLeading + e);
      std::array<double, 64> value, scale;
      dotMany(lines.data(), indices.size(), other.data(), k, value.data(), scale.data());
      for (std::size_t i = 0; i < indices.size(); ++i) {
        lines_[first + i].value[j] = value[i];
        lines_[first + i].scale[j] = scale[i];
      }
    });
  };
  side(true);
  if (shape_.m > 64) side(false);  // 64 rows or fewer: the rows are all of C
}

void Reference::compare(const std::byte* c, Verification& verification) const {
  const Bound allowed = bound(shape_);
  const Decoder decoder(row(shape_.dtype).output);
  verification.bound = allowed.words;
  double worst = 0;
  for (const Line& line : lines_) {
    for (std::size_t j = 0; j < line.value.size(); ++j) {
      const std::size_t index = line.isRow ? line.index * shape_.ldc + j : j * shape_.ldc + line.index;
      const double actual = decoder.at(c, index), expected = line.value[j];
      // The smallest fp16 subnormal: an output cannot be finer than that.
      const double limit = allowed.ofScale * line.scale[j] + allowed.ofResult * std::fabs(expected) +
                           (allowed.ofScale > 0 ? std::ldexp(1.0, -25) * (row(shape_.dtype).bytes < 4) : 0);
      const double error = std::fabs(actual - expected);
      const double share = error == 0  ? 0
                           : limit > 0 ? error / limit
                                       : std::numeric_limits<double>::infinity();
      if (!(share <= 1))
        verification.differs(index, place(shape_, index), print(expected), print(actual));  // NaN is not <= 1
      worst = std::isnan(share) ? std::numeric_limits<double>::infinity() : std::max(worst, share);
    }
    verification.compared += line.value.size();
  }
  if (std::isfinite(worst)) verification.worst = worst;
}

void compareExact(cpu::Threads& threads, const GemmShape& shape, const Ternary& a, const Ternary& b,
                  const std::byte* c, Verification& verification) {
  const Decoder decoder(row(shape.dtype).output);
  std::vector<double> w(shape.n);
  for (std::size_t j = 0; j < shape.n; ++j) w[j] = static_cast<double>(mix(0xf7e1, j) % 1024) - 512;

  // t = B^T w. Integers below 2^53 throughout, so double arithmetic is exact.
  std::vector<double> t(shape.k);
  std::mutex mutex;
  const std::size_t chunks = std::min<std::size_t>(shape.n, 64);
  threads.parallel(chunks, [&](std::size_t chunk) {
    std::vector<double> part(shape.k);
    for (std::size_t j = chunk * shape.n / chunks; j < (chunk + 1) * shape.n / chunks; ++j)
      for (std::size_t e = 0; e < shape.k; ++e) part[e] += w[j] * b.at(j * shape.k + e);
    const std::scoped_lock lock(mutex);
    for (std::size_t e = 0; e < shape.k; ++e) t[e] += part[e];
  });

  std::atomic<int> wrongRows = 0;
  threads.parallel(shape.m, [&](std::size_t i) {
    double expected = 0, actual = 0;
    for (std::size_t e = 0; e < shape.k; ++e) expected += a.at(i * shape.k + e) * t[e];
    for (std::size_t j = 0; j < shape.n; ++j) actual += decoder.at(c, i * shape.ldc + j) * w[j];
    if (expected == actual) return;
    if (wrongRows++ >= 8) {  // enough is known, and naming each would take n^3
      const std::scoped_lock lock(mutex);
      return verification.differs(i * shape.ldc, "row " + std::to_string(i), "an exact row", "a wrong one");
    }
    for (std::size_t j = 0; j < shape.n; ++j) {
      double exact = 0;
      for (std::size_t e = 0; e < shape.k; ++e) exact += a.at(i * shape.k + e) * b.at(j * shape.k + e);
      const double found = decoder.at(c, i * shape.ldc + j);
      if (found == exact) continue;
      const std::scoped_lock lock(mutex);
      verification.differs(i * shape.ldc + j, place(shape, i * shape.ldc + j), print(exact), print(found));
    }
  });
  verification.compared += shape.m * shape.n;
}

}  // namespace nameplate
