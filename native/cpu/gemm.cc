// Both operands are first packed whole into panels as tall as the tile, step after step of K, which is the
// order in which the tile reads them; each element is thus decoded once. Then blocks of C are dealt to the
// threads. Three plain loops would read B from memory once per row of A. The scheme is Goto and van de Geijn,
// "Anatomy of High-Performance Matrix Multiplication", ACM TOMS 2008.
#include "cpu/gemm.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string>

#include "cpu/formats.h"
#include "cpu/memory.h"
#include "cpu/tile.h"

namespace nameplate::cpu {
namespace {

// Tiles in a block of C. Its share of both operands stays in the second-level cache over one Format::depth.
constexpr std::size_t blockRows = 8, blockColumns = 4;

constexpr std::size_t divideUp(std::size_t value, std::size_t by) {
  return value / by + (value % by != 0);
}

std::size_t product(std::size_t left, std::size_t right) {
  std::size_t result;
  if (__builtin_mul_overflow(left, right, &result))
    throw Error("ENOMEM", "the GEMM's packed operands would exceed the address space: use a smaller shape");
  return result;
}

template <class Format>
class BlockedGemm {
  using T = typename Format::Computed;
  using Total = typename Format::Total;
  using Stored = typename Format::Stored;
  using Output = typename Format::Output;

 public:
  BlockedGemm(const GemmShape& shape, Threads& threads)
      : shape_(shape),
        threads_(threads),
        panelsA_(divideUp(shape.m, tile_.rows)),
        panelsB_(divideUp(shape.n, tile_.columns)),
        packedA_(product(product(panelsA_, tile_.rows * sizeof(T)), shape.k), threads),
        packedB_(product(product(panelsB_, tile_.columns * sizeof(T)), shape.k), threads) {}

  void launch(const Operands& operands) const {
    threads_.parallel(panelsA_ + panelsB_, [&](std::size_t panel) {
      if (panel < panelsA_)
        pack(operands.a, shape_.m, shape_.lda, tile_.rows, panel, packedA_.as<T>());
      else
        pack(operands.b, shape_.n, shape_.ldb, tile_.columns, panel - panelsA_, packedB_.as<T>());
    });
    const std::size_t across = divideUp(panelsB_, blockColumns);
    threads_.parallel(divideUp(panelsA_, blockRows) * across, [&](std::size_t block) {
      multiplyBlock(block / across * blockRows, block % across * blockColumns,
                    reinterpret_cast<Output*>(operands.out));
    });
  }

 private:
  // Panel `panel` of a matrix of `rows` rows; rows past its end are zero.
  void pack(std::uintptr_t matrix, std::size_t rows, std::size_t leading, std::size_t height,
            std::size_t panel, T* packed) const {
    constexpr std::size_t strip = 64;  // steps of K whose packed form stays in the first-level cache
    T* const to = packed + panel * height * shape_.k;
    for (std::size_t begin = 0; begin < shape_.k; begin += strip) {
      const std::size_t end = std::min(shape_.k, begin + strip);
      for (std::size_t row = 0; row < height; ++row) {
        const std::size_t source = panel * height + row;
        if (source < rows) {
          const Stored* const from = reinterpret_cast<const Stored*>(matrix) + source * leading;
          for (std::size_t step = begin; step < end; ++step)
            to[step * height + row] = Format::decode(from[step]);
        } else {
          for (std::size_t step = begin; step < end; ++step) to[step * height + row] = 0;
        }
      }
    }
  }

  // The block of C whose first tile is (firstRow, firstColumn), counted in tiles.
  void multiplyBlock(std::size_t firstRow, std::size_t firstColumn, Output* c) const {
    const std::size_t rows = std::min(blockRows, panelsA_ - firstRow);
    const std::size_t columns = std::min(blockColumns, panelsB_ - firstColumn);
    const std::size_t size = tile_.rows * tile_.columns;
    alignas(64) std::array<T, largestTileBytes / sizeof(T)> products;
    alignas(64) std::array<Total, blockRows * blockColumns * largestTileBytes / sizeof(T)> totals{};
    for (std::size_t begin = 0; begin < shape_.k; begin += Format::depth) {
      const std::size_t depth = std::min(Format::depth, shape_.k - begin);
      for (std::size_t column = 0; column < columns; ++column) {
        const T* const b = packedB_.as<T>() + ((firstColumn + column) * shape_.k + begin) * tile_.columns;
        for (std::size_t row = 0; row < rows; ++row) {
          const T* const a = packedA_.as<T>() + ((firstRow + row) * shape_.k + begin) * tile_.rows;
          tile_.multiply(depth, a, b, products.data());
          Total* const total = totals.data() + (row * blockColumns + column) * size;
          for (std::size_t at = 0; at < size; ++at) total[at] = Format::add(total[at], products[at]);
        }
      }
    }
    for (std::size_t row = 0; row < rows; ++row)
      for (std::size_t column = 0; column < columns; ++column)
        writeTile(totals.data() + (row * blockColumns + column) * size, (firstRow + row) * tile_.rows,
                  (firstColumn + column) * tile_.columns, c);
  }

  // The part of a tile that lies inside C, whose element (row, column) is the tile's first.
  void writeTile(const Total* total, std::size_t row, std::size_t column, Output* c) const {
    const std::size_t height = std::min(tile_.rows, shape_.m - row);
    const std::size_t width = std::min(tile_.columns, shape_.n - column);
    for (std::size_t i = 0; i < height; ++i)
      for (std::size_t j = 0; j < width; ++j)
        c[(row + i) * shape_.ldc + column + j] = Format::encode(total[i * tile_.columns + j]);
  }

  const Tile<T>& tile_ = bestTile<T>();
  GemmShape shape_;
  Threads& threads_;
  std::size_t panelsA_, panelsB_;
  HostBuffer packedA_, packedB_;  // made once: no launch pays for page faults
};

template <class Format>
Kernel kernelOf(const GemmShape& shape, Threads& threads, const std::string& arithmetic) {
  using T = typename Format::Computed;
  const auto gemm = std::make_shared<const BlockedGemm<Format>>(shape, threads);
  const bool native = shape.dtype == DType::fp32 || shape.dtype == DType::fp64;
  Kernel kernel;
  kernel.name = "blocked " + arithmetic + ", " + std::string(bestTile<T>().path) + ", " +
                std::to_string(threads.count()) + (threads.count() == 1 ? " thread" : " threads");
  kernel.resource = native ? "vector." + std::string(row(shape.dtype).name) : "none";
  kernel.tuned = false;
  kernel.emulated = !native;
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

Kernel blockedGemm(const GemmShape& shape, Threads& threads) {
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
      return kernelOf<NativeFormat<double>>(shape, threads, "fp64");
    case DType::fp32:
      return kernelOf<NativeFormat<float>>(shape, threads, "fp32");
    case DType::tf32:
      return kernelOf<Tf32Format>(shape, threads, decoded);
    case DType::fp16:
      if (shape.accumulator == Accumulator::half)
        return kernelOf<Fp16HalfFormat>(shape, threads, decoded + " rounded to fp16 every 16 products");
      return kernelOf<Fp16Format>(shape, threads, decoded);
    case DType::bf16:
      return kernelOf<Bf16Format>(shape, threads, decoded);
    case DType::fp8e4m3:
      return kernelOf<Fp8Format<DType::fp8e4m3>>(shape, threads, decoded);
    case DType::fp8e5m2:
      return kernelOf<Fp8Format<DType::fp8e5m2>>(shape, threads, decoded);
    case DType::int8:
      return kernelOf<Int8Format>(shape, threads, decoded + " with int32 totals");
    case DType::int32:
      break;
  }
  throw Unsupported("int32 is what a GEMM over int8 writes, not a format it reads");
}

}  // namespace nameplate::cpu
