// When enough has been sampled. Times are given in the order in which they were taken.
#pragma once

#include <cstddef>
#include <vector>

namespace nameplate {

// How many independent samples `values` are worth: under a clock that wanders each is like the one before,
// and many say little more than one. TypeScript, which computes the reported interval, counts alike.
std::size_t independentSamples(const std::vector<double>& values);

// Half the width of the median's 95 % interval, relative to the median.
double relativeHalfWidth(const std::vector<double>& values);

// Whether the median is known to within `precision` of itself.
bool precise(const std::vector<double>& values, double precision);

// Whether the last few are as quick as the few before them: caches, clocks and temperature have settled.
bool settled(const std::vector<double>& values);

}  // namespace nameplate
