#include "gemm.h"

#include <cmath>
#include <vector>

#include "setting.h"
#include "stream.h"

namespace nameplate::simulated {
namespace {

std::size_t matrixBytes(DType dtype, unsigned long long rows, unsigned long long columns,
                        unsigned long long leading) {
  return rows && columns ? ((rows - 1) * leading + columns) * row(dtype).bytes : 0;
}

// The upper bits of each sum, cut off below as Hopper does with FP8.
void cut(std::vector<double>& sums, int bits) {
  for (double& sum : sums) {
    int exponent = 0;
    const double fraction = std::frexp(sum, &exponent);
    sum = std::ldexp(std::trunc(std::ldexp(fraction, bits + 1)), exponent - bits - 1);
  }
}

}  // namespace

// Every product and sum in float64, which is exact for integers and far inside every other format's bound;
// one rounding at the end. Of FP8 an instruction's products, 32 of K, are added up and cut to sumBits.
void multiply(const Gemm& gemm, const std::byte* a, const std::byte* b, std::byte* c) {
  const GemmParameters& p = gemm.at;
  const DType output = row(gemm.dtype).output;
  const bool narrow = gemm.dtype == DType::fp8e4m3 || gemm.dtype == DType::fp8e5m2;
  const int sumBits = narrow ? static_cast<int>(number("NAMEPLATE_SIMULATE_SUM_BITS", 52)) : 52;
  std::vector<double> columns(p.k * p.n), left(p.k), sums(p.n);
  for (std::size_t j = 0; j < p.n; ++j)
    for (std::size_t k = 0; k < p.k; ++k) columns[k * p.n + j] = load(gemm.dtype, b, j * p.ldb + k);
  const std::size_t across = (p.n + gemm.tile.n - 1) / gemm.tile.n;
  for (std::size_t i = 0; i < p.m; ++i) {
    for (std::size_t k = 0; k < p.k; ++k) left[k] = load(gemm.dtype, a, i * p.lda + k);
    sums.assign(p.n, 0);
    for (std::size_t k = 0; k < p.k; ++k) {
      const double factor = left[k];
      const double* line = &columns[k * p.n];
      for (std::size_t j = 0; j < p.n; ++j) sums[j] += factor * line[j];
      if (sumBits < 52 && k % 32 == 31) cut(sums, sumBits);
    }
    for (std::size_t j = 0; j < p.n; ++j)
      if (i / gemm.tile.m * across + j / gemm.tile.n < gemm.blocks) store(output, c, i * p.ldc + j, sums[j]);
  }
}

Work gemmWork(const Card& card, const Gemm& gemm) {
  const GemmParameters& p = gemm.at;
  Work work;
  work.what = "gemm" + bytesOf(p) + bytesOf(gemm.dtype) + bytesOf(gemm.blocks);
  work.seconds =
      computingSeconds(card, gemm.unit,
                       static_cast<double>(p.m) * static_cast<double>(p.n) * static_cast<double>(p.k)) /
      gemm.speed;
  const auto span = [](const void* at, std::size_t bytes) {
    return Span{reinterpret_cast<CUdeviceptr>(at), bytes};
  };
  work.reads = {span(p.a, matrixBytes(gemm.dtype, p.m, p.k, p.lda)),
                span(p.b, matrixBytes(gemm.dtype, p.n, p.k, p.ldb))};
  work.writes = {span(p.c, matrixBytes(row(gemm.dtype).output, p.m, p.n, p.ldc))};
  work.compute = [gemm](const auto& reads, const auto& writes) {
    multiply(gemm, reads[0], reads[1], writes[0]);
  };
  return work;
}

}  // namespace nameplate::simulated
