// STREAM's operations on one device: by our own kernels, and by the driver's copy and fill.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "backend.h"
#include "cuda/kernels.h"

namespace nameplate::cuda {

// A kernel on a grid.
struct StreamLaunch {
  OwnKernel kernel;
  std::string name;  // "stream_copy_16x8, 4 x 512 threads per multiprocessor"
  std::string text;  // the same in short: "16x8 4x512"
  unsigned blocks, threads, sharedBytes = 0;
};

// A kernel comes in forms, by how wide a thread's accesses are and how many it has under way, and each runs
// on grids of several sizes; which is fastest depends on the device. So the forms are timed on one grid, and
// the fastest of them on the other grids: a search along two lines of the table, short enough for every row.
class BuiltinStream {
 public:
  explicit BuiltinStream(OwnKernels& kernels) : kernels_(kernels) {}

  // With `tuneOn` the candidates are timed, once for each operation and size; without, what is known is used,
  // or else the heuristic's pick. The kernel's name says what was chosen and its note what was timed. Throws
  // Unsupported where the build has no kernel for the device.
  Kernel stream(Stream, std::size_t bytesPerArray, const Operands* tuneOn);

 private:
  struct Choice {
    StreamLaunch launch;
    std::string why;
  };
  Choice choose(Stream, std::size_t bytesPerArray, const Operands* tuneOn);

  OwnKernels& kernels_;
  std::map<std::pair<Stream, std::size_t>, Choice> chosen_;
};

// Copy and write alone; Unsupported for the rest.
Kernel driverStream(const SharedContext&, Stream, std::size_t bytesPerArray);

}  // namespace nameplate::cuda
