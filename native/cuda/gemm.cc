#include "cuda/gemm.h"

#include "kernels/parameters.h"

namespace nameplate::cuda {
namespace {

// Devices of capability `from` up to `to`. The first row that fits is taken, so the better unit comes first.
struct Row {
  DType dtype;
  Accumulator accumulator;
  int from, to;
  const char* family;
  const char* kernel;
  const GemmTile& tile;
  const char* resource;
  const char* needs;  // what a device without the row lacks
};

constexpr int any = 9999;
constexpr auto full = Accumulator::full, half = Accumulator::half, fast = Accumulator::fast;

// FP64 tensor cores worth using are in 8.0, 9.0 and 10.0 alone; elsewhere the instruction runs at the rate of
// the few FP64 units, or slower. Of fp8, 9.0 and 10.x have native instructions, but not this one: there
// mma.sync becomes conversions and fp16 tensor instructions.
const Row rows[] = {
    {DType::fp64, full, 80, 80, "wmma", "gemm_wmma_fp64", wmmaTile, "tensor.fp64", ""},
    {DType::fp64, full, 90, 90, "wmma", "gemm_wmma_fp64", wmmaTile, "tensor.fp64", ""},
    {DType::fp64, full, 100, 100, "wmma", "gemm_wmma_fp64", wmmaTile, "tensor.fp64", ""},
    {DType::fp64, full, 0, any, "simt", "gemm_simt_fp64", simtTile, "vector.fp64", ""},
    {DType::fp32, full, 0, any, "simt", "gemm_simt_fp32", simtTile, "vector.fp32", ""},
    {DType::tf32, full, 80, any, "wmma", "gemm_wmma_tf32", wmmaTile, "tensor.tf32", "tf32 tensor cores"},
    {DType::bf16, full, 80, any, "wmma", "gemm_wmma_bf16", wmmaTile, "tensor.bf16", "bf16 tensor cores"},
    {DType::fp16, full, 70, any, "wmma", "gemm_wmma_fp16", wmmaTile, "tensor.fp16", "fp16 tensor cores"},
    {DType::fp16, half, 70, any, "wmma", "gemm_wmma_fp16_acc16", wmmaTile, "tensor.fp16.acc16",
     "fp16 tensor cores"},
    {DType::int8, full, 75, any, "wmma", "gemm_wmma_int8", wmmaTile, "tensor.int8", ""},
    {DType::int8, full, 61, any, "simt", "gemm_simt_int8", simtTile, "none", "the dp4a instruction"},
    {DType::fp8e4m3, full, 89, any, "mma", "gemm_mma_fp8e4m3", mmaTile, "tensor.fp8", "fp8 tensor cores"},
    {DType::fp8e4m3, fast, 89, any, "mma", "gemm_mma_fp8e4m3_fast", mmaTile, "tensor.fp8",
     "fp8 tensor cores"},
    {DType::fp8e5m2, full, 89, any, "mma", "gemm_mma_fp8e5m2", mmaTile, "tensor.fp8", "fp8 tensor cores"},
    {DType::fp8e5m2, fast, 89, any, "mma", "gemm_mma_fp8e5m2_fast", mmaTile, "tensor.fp8",
     "fp8 tensor cores"},
};

std::string capabilityText(int capability) {
  return std::to_string(capability / 10) + "." + std::to_string(capability % 10);
}

const Row* rowFor(DType dtype, Accumulator accumulator, int capability) {
  for (const Row& row : rows)
    if (row.dtype == dtype && row.accumulator == accumulator && row.from <= capability &&
        capability <= row.to)
      return &row;
  return nullptr;
}

[[noreturn]] void refuse(const GemmShape& shape, const Context& context) {
  const Row* nearest = nullptr;
  for (const Row& row : rows)
    if (row.dtype == shape.dtype && row.accumulator == shape.accumulator) nearest = &row;
  if (!nearest) throw Unsupported("there is no GEMM in " + gemmText(shape.dtype, shape.accumulator));
  throw Unsupported(std::string(nearest->needs) + " need compute capability " +
                    capabilityText(nearest->from) + "; this device has " + context.capabilityText());
}

}  // namespace

std::string gemmText(DType dtype, Accumulator accumulator) {
  const std::string name(row(dtype).name);
  switch (accumulator) {
    case Accumulator::full:
      return name;
    case Accumulator::half:
      return name + " with an fp16 accumulator";
    case Accumulator::fast:
      return name + " with fast accumulation";
  }
  return name;
}

std::string gemmResource(DType dtype, Accumulator accumulator, int capability) {
  const Row* found = rowFor(dtype, accumulator, capability);
  return found ? found->resource : "none";
}

Kernel builtinGemm(OwnKernels& kernels, const GemmShape& shape) {
  const Context& context = *kernels.context();
  const Row* found = rowFor(shape.dtype, shape.accumulator, context.capability());
  if (!found) refuse(shape, context);
  const OwnKernel own = kernels.find(found->family, found->kernel);

  const GemmTile tile = found->tile;
  const std::size_t down = (shape.m + tile.m - 1) / tile.m, across = (shape.n + tile.n - 1) / tile.n;
  constexpr std::size_t mostBlocks = 0x7fffffff;
  if (across != 0 && down > mostBlocks / across)
    throw Error("ERANGE", "C has more than 2^31 - 1 tiles of " + std::to_string(tile.m) + " x " +
                              std::to_string(tile.n) + ", the most that one grid takes: split it");
  const auto blocks = static_cast<unsigned>(down * across);

  Kernel kernel;
  kernel.name = std::string(found->kernel) + " (" + own.image() + ")";
  kernel.resource = found->resource;
  kernel.tuned = false;
  kernel.note = "first set of own kernels: right, not built for speed";
  if (found->family == std::string("mma") && context.capability() >= 90 && context.capability() < 120)
    kernel.note += "; on compute capability " + context.capabilityText() +
                   " mma.sync over fp8 becomes conversions and fp16 tensor instructions";
  kernel.launch = [own, shape, tile, blocks](const Operands& operands) {
    if (blocks == 0) return;
    own.launch(
        blocks, {tile.threads, 1},
        GemmParameters{reinterpret_cast<const void*>(operands.a), reinterpret_cast<const void*>(operands.b),
                       reinterpret_cast<void*>(operands.out), shape.m, shape.n, shape.k, shape.lda, shape.ldb,
                       shape.ldc});
  };
  return kernel;
}

}  // namespace nameplate::cuda
