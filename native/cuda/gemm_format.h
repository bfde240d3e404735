// The formats of our tensor core kernels, named as in the kernels' names, and how tables of kernels become
// configurations.
#pragma once

#include <initializer_list>
#include <vector>

#include "cuda/gemm_configurations.h"

namespace nameplate::cuda {

struct GemmFormat {
  DType dtype;
  Accumulator accumulator;
  const char* resource;  // the documented figure that it exhausts
  const char* needs;     // what a device without any configuration of it lacks
  bool sparse = false;   // GemmShape's
};

// Those of compute capability `from` to `to`, as 90 for 9.0, and what a kernel is worth there.
struct GemmDevices {
  int from, to;
  const char* note;
};

inline constexpr int anyLater = 9999;
inline constexpr auto builtForSpeed = "built for speed, and not yet run on a GPU";

template <typename Tile>
struct GemmKernel {
  GemmFormat format;
  const char* name;
  Tile tile;
};

// Each kernel on each of the devices.
inline void append(std::vector<GemmConfiguration>& all, const char* family, const GemmLauncher& launcher,
                   std::span<const GemmKernel<GemmTile>> kernels,
                   std::initializer_list<GemmDevices> devices) {
  for (const auto& [format, name, tile] : kernels)
    for (const auto& [from, to, note] : devices)
      all.push_back({.dtype = format.dtype,
                     .accumulator = format.accumulator,
                     .from = from,
                     .to = to,
                     .family = family,
                     .kernel = name,
                     .tile = tile,
                     .launcher = launcher,
                     .resource = format.resource,
                     .needs = format.needs,
                     .note = note,
                     .sparse = format.sparse});
}

namespace format {

inline constexpr GemmFormat bf16{DType::bf16, Accumulator::full, "tensor.bf16", "bf16 tensor cores"},
    fp16{DType::fp16, Accumulator::full, "tensor.fp16", "fp16 tensor cores"},
    fp16_acc16{DType::fp16, Accumulator::half, "tensor.fp16.acc16", "fp16 tensor cores"},
    tf32{DType::tf32, Accumulator::full, "tensor.tf32", "tf32 tensor cores"},
    int8{DType::int8, Accumulator::full, "tensor.int8", "int8 tensor cores"},
    fp8e4m3{DType::fp8e4m3, Accumulator::full, "tensor.fp8", "fp8 tensor cores"},
    fp8e4m3_fast{DType::fp8e4m3, Accumulator::fast, "tensor.fp8", "fp8 tensor cores"},
    fp8e5m2{DType::fp8e5m2, Accumulator::full, "tensor.fp8", "fp8 tensor cores"},
    fp8e5m2_fast{DType::fp8e5m2, Accumulator::fast, "tensor.fp8", "fp8 tensor cores"};

}  // namespace format

// Of an A with 2:4 sparsity.
namespace sparseFormat {

inline constexpr GemmFormat bf16{DType::bf16, Accumulator::full, "tensor.bf16.sparse", "sparse tensor cores",
                                 true},
    fp16{DType::fp16, Accumulator::full, "tensor.fp16.sparse", "sparse tensor cores", true},
    tf32{DType::tf32, Accumulator::full, "tensor.tf32.sparse", "sparse tensor cores", true},
    int8{DType::int8, Accumulator::full, "tensor.int8.sparse", "sparse tensor cores", true},
    fp8e4m3_fast{DType::fp8e4m3, Accumulator::fast, "tensor.fp8.sparse", "sparse fp8 tensor cores", true};

}  // namespace sparseFormat
}  // namespace nameplate::cuda
