// The caches of data, as the system describes them.
#pragma once

#include <vector>

#include "backend.h"
#include "cpu/placement.h"

namespace nameplate::cpu {

// Those of the first core that a run on `at` uses, the nearest first; none where the system does not say.
// `root` is a stand-in for "/" in tests.
std::vector<Cache> caches(const Placement& at, const std::filesystem::path& root = "/");

// Of all last-level caches that the CPUs of a run reach, each counted once. One alone would be the wrong
// bound for "does not fit in cache": threads on eight chiplets stream through eight of them.
double lastLevelBytes(const Placement& at, const std::filesystem::path& root = "/");

// The distance at which two words never share a line.
std::size_t cacheLineBytes();

}  // namespace nameplate::cpu
