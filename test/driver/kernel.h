// The kernels that the simulated card knows by name: ours, and one of a user's.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "work.h"

namespace nameplate::simulated {

struct Grid {
  unsigned blocks, threads;
};

struct KnownKernel {
  std::string name;
  std::vector<std::size_t> parameters;  // their sizes
  unsigned threads;                     // of a block: the most, and for ours the only number that is right
  std::function<Work(const Card&, const Grid&, void** parameters)> make;
};

// Null where the name is not known.
const KnownKernel* findKernel(const std::string& name);

}  // namespace nameplate::simulated
