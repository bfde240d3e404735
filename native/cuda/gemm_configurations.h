// Our own GEMM kernels: which there are of each format, for which devices, and how each is launched.
//
// A kernel in several sizes of tile is several configurations. Which is fastest depends on the shape, and
// gemm.cc finds out by timing them.
#pragma once

#include <functional>
#include <span>
#include <string>

#include "backend.h"
#include "cuda/module.h"
#include "cuda/workspace.h"
#include "kernels/parameters.h"

namespace nameplate::cuda {

struct GemmConfiguration;

// How a kind of kernel is launched.
struct GemmLauncher {
  // What it cannot take of a shape and what it could, in words; empty where it can.
  std::string (*refusal)(const GemmConfiguration&, const GemmShape&);
  // What enqueues one launch. M and N are not 0; K may be. May throw Error with EINVAL for operands that
  // start where the kernel cannot take them: addresses are known no earlier.
  std::function<void(const Operands&)> (*prepare)(const OwnKernel&, const GemmConfiguration&,
                                                  const GemmShape&, Workspace&);
  // Which of several of its configurations, the largest tile first, to take for a shape where none is timed.
  std::size_t (*pick)(std::span<const GemmConfiguration* const>, const GemmShape&, unsigned multiprocessors);
  // How it cuts a shape, in words, where a reader of the row would not expect it; empty elsewhere.
  std::string (*cut)(const GemmConfiguration&, const GemmShape&, unsigned multiprocessors);
};

// A block for each tile of C, in a one-dimensional grid, with GemmParameters as the only argument.
extern const GemmLauncher tiled;

struct GemmConfiguration {
  DType dtype;
  Accumulator accumulator;
  int from, to;        // compute capability, as 90 for 9.0
  const char* family;  // of images
  const char* kernel;
  GemmTile tile;
  const GemmLauncher& launcher;
  const char* resource;    // the documented figure that it exhausts
  const char* needs;       // what a device without any configuration of the format lacks
  const char* note;        // what a reader of the row should know of the kernel
  bool onlyNamed = false;  // a candidate only where NAMEPLATE_KERNEL asks for it
  bool sparse = false;     // GemmShape's
};

// The better family of a format first, and of a family the largest tile first.
std::span<const GemmConfiguration> gemmConfigurations();

}  // namespace nameplate::cuda
