#include "cpu/gemm.h"

#include <memory>
#include <string>

#include "cpu/blocked_gemm.h"
#include "cpu/formats.h"

namespace nameplate::cpu {
namespace {

template <class Format, class T>
Kernel kernelOf(const GemmShape& shape, Threads& threads, const T& tile, const std::string& arithmetic,
                bool native) {
  const auto gemm = std::make_shared<const BlockedGemm<Format, T>>(shape, threads, tile);
  Kernel kernel;
  kernel.name = "blocked " + arithmetic + ", " + std::string(tile.path) + ", " +
                std::to_string(gemm->workers()) + (gemm->workers() == 1 ? " thread" : " threads");
  kernel.resource = native ? "vector." + std::string(row(shape.dtype).name) : "none";
  kernel.tuned = native;
  kernel.emulated = !native;
  kernel.keptBytes =
      shape.m * (shape.k + shape.n) * sizeof(double);  // A decoded, and sums in their own format
  kernel.launch = [gemm](const Operands& operands) { gemm->launch(operands); };
  return kernel;
}

}  // namespace

void checkShape(const GemmShape& shape) {
  const auto require = [](const char* name, std::size_t leading, const char* of, std::size_t length) {
    if (leading < length)
      throw Error("EINVAL", std::string(name) + " is " + std::to_string(leading) + " and must be at least " +
                                of + ", " + std::to_string(length));
  };
  require("lda", shape.lda, "k", shape.k);
  require("ldb", shape.ldb, "k", shape.k);
  require("ldc", shape.ldc, "n", shape.n);
}

Kernel blockedGemm(const GemmShape& shape, Threads& threads, const Tiles& tiles) {
  checkShape(shape);
  const bool fp8 = shape.dtype == DType::fp8e4m3 || shape.dtype == DType::fp8e5m2;
  if (shape.accumulator == Accumulator::half && shape.dtype != DType::fp16)
    throw Unsupported("a half accumulator is defined for fp16 only");
  if (shape.accumulator == Accumulator::fast && !fp8)
    throw Unsupported("a fast accumulator is defined for fp8e4m3 and fp8e5m2 only");
  const std::string decoded = "fp32 of decoded " + std::string(row(shape.dtype).name) +
                              (shape.accumulator == Accumulator::fast ? " (fast is full on a CPU)" : "");
  switch (shape.dtype) {
    case DType::fp64:
      return kernelOf<NativeFormat<double>>(shape, threads, tiles.fp64, "fp64", true);
    case DType::fp32:
      return kernelOf<NativeFormat<float>>(shape, threads, tiles.fp32, "fp32", true);
    case DType::tf32:
      return kernelOf<Tf32Format>(shape, threads, tiles.fp32, decoded, false);
    case DType::fp16:
      if (shape.accumulator == Accumulator::half)
        return kernelOf<Fp16HalfFormat>(shape, threads, tiles.fp32,
                                        decoded + " rounded to fp16 every 16 products", false);
      return kernelOf<Fp16Format>(shape, threads, tiles.fp32, decoded, false);
    case DType::bf16:
      if (tiles.bf16) {
        Kernel kernel = kernelOf<Bf16PairFormat>(shape, threads, *tiles.bf16, "pairs of bf16", true);
        kernel.note = "the processor's bf16 instruction takes and leaves subnormal numbers as zero";
        return kernel;
      }
      return kernelOf<Bf16Format>(shape, threads, tiles.fp32, decoded, false);
    case DType::fp8e4m3:
      return kernelOf<Fp8e4m3Format>(shape, threads, tiles.fp32, decoded, false);
    case DType::fp8e5m2:
      return kernelOf<Fp8e5m2Format>(shape, threads, tiles.fp32, decoded, false);
    case DType::int8:
      if (tiles.int8) return kernelOf<Int8QuadFormat>(shape, threads, *tiles.int8, "fours of int8", true);
      return kernelOf<Int8Format>(shape, threads, tiles.fp32, decoded + " with int32 totals", false);
    case DType::int32:
      break;
  }
  throw Unsupported("int32 is what a GEMM over int8 writes, not a format it reads");
}

}  // namespace nameplate::cpu
