// The formats of our tensor core kernels, named as in the kernels' names.
#pragma once

#include "kernel.h"

namespace nameplate::cuda {

struct GemmFormat {
  DType dtype;
  Accumulator accumulator;
  const char* resource;  // the documented figure that it exhausts
  const char* needs;     // what a device without any configuration of it lacks
};

// Those of compute capability `from` to `to`, as 90 for 9.0, and what a kernel is worth there.
struct GemmDevices {
  int from, to;
  const char* note;
};

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

inline constexpr GemmFormat bf16{DType::bf16, Accumulator::full, "tensor.bf16.sparse", "sparse tensor cores"},
    fp16{DType::fp16, Accumulator::full, "tensor.fp16.sparse", "sparse tensor cores"},
    tf32{DType::tf32, Accumulator::full, "tensor.tf32.sparse", "sparse tensor cores"},
    int8{DType::int8, Accumulator::full, "tensor.int8.sparse", "sparse tensor cores"},
    fp8e4m3_fast{DType::fp8e4m3, Accumulator::fast, "tensor.fp8.sparse", "sparse fp8 tensor cores"};

}  // namespace sparseFormat
}  // namespace nameplate::cuda
