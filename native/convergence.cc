#include "convergence.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace nameplate {
namespace {

constexpr std::size_t leastForPrecision = 10;
constexpr std::size_t mostLags = 200;
constexpr double significant = 1.645;  // one-sided 5 % of the normal distribution

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

// Twice each value's rank, counted from the middle one. Alike values have one rank between them, or equal
// ones would rise in the order in which they were sorted. Whole numbers, so that their sums are exact and do
// not depend on their order.
std::vector<double> centredRanks(const std::vector<double>& values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t i) { return values[i]; });
  std::vector<double> ranks(values.size());
  for (std::size_t first = 0, end = 0; first < order.size(); first = end) {
    while (end < order.size() && values[order[end]] == values[order[first]]) ++end;
    const double rank = static_cast<double>(first + end) - static_cast<double>(order.size());
    for (std::size_t i = first; i < end; ++i) ranks[order[i]] = rank;
  }
  return ranks;
}

}  // namespace

// Their number over 1 + 2 x the sum of the autocorrelations, up to the first that chance could give (C. J.
// Geyer, "Practical Markov chain Monte Carlo", 1992). Of ranks, which no outlier hides it from. Of few
// samples chance could give much, and hides a wander: so they are worth no more than those of a process of
// first order, whose correlation few samples show too small, by (1 + 4 r) / their number (F. H. C. Marriott
// and J. A. Pope, "Bias in the estimation of autocorrelations", 1954).
std::size_t independentSamples(const std::vector<double>& values) {
  const std::size_t size = values.size();
  const std::vector<double> ranks = centredRanks(values);
  const auto products = [&](std::size_t lag) {
    const auto later = ranks.begin() + static_cast<std::ptrdiff_t>(lag);
    return std::transform_reduce(later, ranks.end(), ranks.begin(), 0.0) / static_cast<double>(size - lag);
  };
  const double variance = size == 0 ? 0 : products(0);
  if (variance == 0) return size;
  double worth = 1;
  for (std::size_t lag = 1; lag <= std::min(mostLags, size / 3); ++lag) {
    const double correlation = products(lag) / variance;
    if (correlation <= significant / std::sqrt(static_cast<double>(size))) break;
    worth += 2 * correlation;
  }
  const double n = static_cast<double>(size);
  const double shown = products(1) / variance;
  const double r = std::max(0.0, shown + (1 + 4 * shown) / n);
  const double firstOrder = r < 1 ? (1 + r) / (1 - r) : n;
  return std::max<std::size_t>(1, static_cast<std::size_t>(std::round(n / std::max(worth, firstOrder))));
}

// By order statistics, which assume nothing about the distribution (H. A. David and H. N. Nagaraja, "Order
// Statistics", 7.1): the share of samples below the median scatters by 1 / (2 sqrt(independent samples)).
double relativeHalfWidth(const std::vector<double>& values) {
  const double n = static_cast<double>(values.size());
  const double reach = 1.96 * n / 2 / std::sqrt(static_cast<double>(independentSamples(values)));
  std::vector<double> ordered = values;
  std::ranges::sort(ordered);
  const auto low = static_cast<std::size_t>(std::max(0.0, std::floor(n / 2 - reach)));
  const auto high = std::min(ordered.size() - 1, static_cast<std::size_t>(std::ceil(n / 2 + reach)));
  return (ordered[high] - ordered[low]) / 2 / ordered[ordered.size() / 2];
}

bool precise(const std::vector<double>& values, double precision) {
  return values.size() >= leastForPrecision && relativeHalfWidth(values) <= precision;
}

bool settled(const std::vector<double>& values) {
  constexpr std::size_t window = 5;
  if (values.size() < 2 * window) return false;
  const auto end = values.end();
  const double now = median({end - window, end}), before = median({end - 2 * window, end - window});
  return std::fabs(now - before) <= 0.01 * before;
}

}  // namespace nameplate
