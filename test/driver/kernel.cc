#include "kernel.h"

#include <cmath>
#include <cstring>
#include <tuple>

#include "gemm.h"
#include "random.h"
#include "tensormap.h"

namespace nameplate::simulated {
namespace {

using Hosts = std::vector<std::byte*>;

Span span(const void* at, unsigned long long bytes) {
  return {reinterpret_cast<CUdeviceptr>(at), bytes};
}

template <typename Parameters>
Parameters taken(void** parameters) {
  Parameters value;
  std::memcpy(&value, parameters[0], sizeof value);
  return value;
}

// A kernel of ours, which takes one struct; make(card, grid, struct) returns the work but for its name.
template <typename Parameters, typename Make>
KnownKernel own(const std::string& name, unsigned threads, Make make) {
  return {name,
          {sizeof(Parameters)},
          threads,
          [name, make](const Card& card, const Grid& grid, void** parameters) {
            const auto p = taken<Parameters>(parameters);
            Work work = make(card, grid, p);
            if (work.what.empty()) work.what = name + bytesOf(p) + bytesOf(grid);
            return work;
          }};
}

KnownKernel gemm(const char* name, DType dtype, Unit unit, const GemmTile& tile) {
  return own<GemmParameters>(
      name, tile.threads, [dtype, unit, tile](const Card& card, const Grid& grid, const GemmParameters& p) {
        // A tile that hangs over the edge costs as much as a whole one, so that the sizes of tile differ.
        const double inside = static_cast<double>(p.m) * static_cast<double>(p.n);
        const double covered = static_cast<double>(grid.blocks) * tile.m * tile.n;
        return gemmWork(card, {p, dtype, unit, inside / covered, tile, grid.blocks});
      });
}

// The matrices are known by their tensor maps alone; K is that of A, where any of it is read.
KnownKernel wgmma(const char* name, DType dtype, Unit unit, const WgmmaTile& tile) {
  return own<WgmmaParameters>(
      name, WgmmaTile::threads,
      [dtype, unit, tile](const Card& card, const Grid& grid, const WgmmaParameters& p) {
        const auto [a, b, c] = std::tuple(opened(p.a), opened(p.b), opened(p.c));
        require(a && b && c && grid.blocks % tile.cluster == 0);
        const auto leading = [](const TiledMatrix& matrix) {
          return matrix.strideBytes / matrix.elementBytes;
        };
        const unsigned long long k = p.steps == 0 ? 0 : a->columns;
        const unsigned long long covered = WgmmaGrid::parts(k * row(dtype).bytes, WgmmaTile::rowBytes);
        require(covered == p.steps &&
                (k == 0 || (b->columns == k && a->rows == c->rows && b->rows == c->columns)));
        const GemmParameters at{a->base,     b->base,     const_cast<void*>(c->base),
                                c->rows,     c->columns,  k,
                                leading(*a), leading(*b), leading(*c)};
        return gemmWork(card, {at, dtype, unit, 1, {tile.m, tile.n, 0}});
      });
}

enum class Arrays { read, write, copy, triad };

Work streamWork(Arrays kind, const Card& card, const Grid& grid, const StreamParameters& p) {
  const unsigned long long bytes = p.words * 8;
  const auto words = [](std::byte* at) { return reinterpret_cast<unsigned long long*>(at); };
  const auto doubles = [](std::byte* at) { return reinterpret_cast<double*>(at); };
  const auto count = static_cast<std::size_t>(p.words);
  Work work;
  double moved = 1;
  work.writes = {span(p.out, bytes)};
  switch (kind) {
    case Arrays::read:  // the first block's partial result is that of all
      work.reads = {span(p.a, bytes)};
      work.writes = {span(p.out, grid.blocks * 4ull)};
      work.compute = [=](const Hosts& reads, const Hosts& writes) {
        unsigned long long fold = 0;
        for (std::size_t i = 0; i < count; ++i) fold ^= words(reads[0])[i];
        auto* partials = reinterpret_cast<unsigned*>(writes[0]);
        std::memset(partials, 0, grid.blocks * 4ull);
        partials[0] = static_cast<unsigned>(fold ^ (fold >> 32));
      };
      break;
    case Arrays::write:
      work.compute = [=](const Hosts&, const Hosts& writes) {
        for (std::size_t i = 0; i < count; ++i) words(writes[0])[i] = p.word * 0x100000001ull;
      };
      break;
    case Arrays::copy:
      moved = 2;
      work.reads = {span(p.a, bytes)};
      work.compute = [=](const Hosts& reads, const Hosts& writes) {
        std::memmove(writes[0], reads[0], bytes);
      };
      break;
    case Arrays::triad:
      moved = 3;
      work.reads = {span(p.a, bytes), span(p.b, bytes)};
      work.compute = [=](const Hosts& reads, const Hosts& writes) {
        for (std::size_t i = 0; i < count; ++i)
          doubles(writes[0])[i] = doubles(reads[0])[i] + 2 * doubles(reads[1])[i];
      };
      break;
  }
  work.seconds = movingSeconds(card, moved * static_cast<double>(bytes));
  return work;
}

KnownKernel stream(const char* name, Arrays kind) {
  return own<StreamParameters>(name, streamThreads,
                               [kind](const Card& card, const Grid& grid, const StreamParameters& p) {
                                 return streamWork(kind, card, grid, p);
                               });
}

Work patternWork(const Card& card, const Grid&, const PatternParameters& p) {
  Work work;
  work.seconds = movingSeconds(card, static_cast<double>(p.words) * 8);
  work.writes = {span(p.out, p.words * 8)};
  work.compute = [p](const Hosts&, const Hosts& writes) {
    auto* out = reinterpret_cast<unsigned long long*>(writes[0]);
    for (std::size_t i = 0; i < p.words; ++i) out[i] = patternWord(p.seed, i);
  };
  return work;
}

Work compareWork(const Card& card, const Grid&, const CompareParameters& p) {
  Work work;
  work.seconds = movingSeconds(card, static_cast<double>(p.words) * 8);
  // It adds to what it finds there, so the results are inputs too.
  work.writes = {span(p.count, 8), span(p.first, 8)};
  work.reads = {span(p.expected, p.words * 4), span(p.actual, p.words * 4), work.writes[0], work.writes[1]};
  work.compute = [p](const Hosts& reads, const Hosts& writes) {
    const auto* expected = reinterpret_cast<const unsigned*>(reads[0]);
    const auto* actual = reinterpret_cast<const unsigned*>(reads[1]);
    auto& count = *reinterpret_cast<unsigned long long*>(writes[0]);
    auto& first = *reinterpret_cast<unsigned long long*>(writes[1]);
    for (std::size_t i = 0; i < p.words; ++i) {
      if (expected[i] == actual[i]) continue;
      ++count;
      if (i < first) first = i;
    }
  };
  return work;
}

KnownKernel transpose(unsigned elementBytes) {
  constexpr unsigned threads = transposeTile * 8;
  return own<TransposeParameters>(
      "transpose_" + std::to_string(elementBytes), threads,
      [elementBytes](const Card& card, const Grid& grid, const TransposeParameters& p) {
        const std::size_t bytes = p.rows * p.columns * elementBytes;
        Work work;
        work.seconds = movingSeconds(card, 2 * static_cast<double>(bytes));
        work.reads = {span(p.a, bytes)};
        work.writes = {span(p.out, bytes)};
        work.compute = [p, grid, elementBytes](const Hosts& reads, const Hosts& writes) {
          const std::size_t across = (p.columns + transposeTile - 1) / transposeTile;
          for (std::size_t i = 0; i < p.rows; ++i)
            for (std::size_t j = 0; j < p.columns; ++j)
              if (i / transposeTile * across + j / transposeTile < grid.blocks)
                std::memcpy(writes[0] + (j * p.rows + i) * elementBytes,
                            reads[0] + (i * p.columns + j) * elementBytes, elementBytes);
        };
        return work;
      });
}

// A user's kernel: scale(float* data, float factor, unsigned count) multiplies the first `count` floats.
Work scaleWork(const Card& card, const Grid& grid, void** parameters) {
  CUdeviceptr data;
  float factor;
  unsigned count;
  std::memcpy(&data, parameters[0], sizeof data);
  std::memcpy(&factor, parameters[1], sizeof factor);
  std::memcpy(&count, parameters[2], sizeof count);
  const unsigned long long threads = static_cast<unsigned long long>(grid.blocks) * grid.threads;
  const std::size_t done = count < threads ? count : static_cast<std::size_t>(threads);
  Work work;
  work.what = "scale";
  work.seconds = movingSeconds(card, 8.0 * count);
  work.reads = work.writes = {Span{data, done * 4}};
  work.compute = [done, factor](const Hosts&, const Hosts& writes) {
    auto* out = reinterpret_cast<float*>(writes[0]);
    for (std::size_t i = 0; i < done; ++i) out[i] *= factor;
  };
  return work;
}

struct WgmmaFormat {
  DType dtype;
  Unit unit;
};
namespace formats {
constexpr WgmmaFormat bf16{DType::bf16, Unit::bf16}, fp16{DType::fp16, Unit::fp16},
    fp16_acc16{DType::fp16, Unit::fp16acc16}, tf32{DType::tf32, Unit::tf32}, int8{DType::int8, Unit::int8},
    fp8e4m3{DType::fp8e4m3, Unit::fp8}, fp8e4m3_fast = fp8e4m3, fp8e5m2{DType::fp8e5m2, Unit::fp8},
                                        fp8e5m2_fast = fp8e5m2;
}  // namespace formats

const std::vector<KnownKernel>& table() {
  static const std::vector<KnownKernel> rows{
      gemm("gemm_simt_fp64_64x64", DType::fp64, Unit::vectorFp64, simt64x64),
      gemm("gemm_simt_fp32_128x256", DType::fp32, Unit::vectorFp32, simt128x256),
      gemm("gemm_simt_fp32_128x128", DType::fp32, Unit::vectorFp32, simt128x128),
      gemm("gemm_simt_fp32_64x64", DType::fp32, Unit::vectorFp32, simt64x64),
      gemm("gemm_simt_int8_64x64", DType::int8, Unit::dp4a, simt64x64),
      gemm("gemm_dmma_fp64_128x128", DType::fp64, Unit::tensorFp64, dmma128x128),
      gemm("gemm_dmma_fp64_128x64", DType::fp64, Unit::tensorFp64, dmma128x64),
      gemm("gemm_dmma_fp64_64x64", DType::fp64, Unit::tensorFp64, dmma64x64),
      gemm("gemm_wmma_tf32", DType::tf32, Unit::tf32, wmmaTile),
      gemm("gemm_wmma_fp16", DType::fp16, Unit::fp16, wmmaTile),
      gemm("gemm_wmma_fp16_acc16", DType::fp16, Unit::fp16acc16, wmmaTile),
      gemm("gemm_wmma_bf16", DType::bf16, Unit::bf16, wmmaTile),
      gemm("gemm_wmma_int8", DType::int8, Unit::int8, wmmaTile),
      gemm("gemm_mma_fp8e4m3", DType::fp8e4m3, Unit::fp8, mmaTile),
      gemm("gemm_mma_fp8e4m3_fast", DType::fp8e4m3, Unit::fp8, mmaTile),
      gemm("gemm_mma_fp8e5m2", DType::fp8e5m2, Unit::fp8, mmaTile),
      gemm("gemm_mma_fp8e5m2_fast", DType::fp8e5m2, Unit::fp8, mmaTile),
#define NAMEPLATE_ROW(format, m, n, stages, cluster)                                      \
  wgmma("gemm_wgmma_" #format "_" #m "x" #n, formats::format.dtype, formats::format.unit, \
        {m, n, stages, cluster}),
      NAMEPLATE_WGMMA_KERNELS(NAMEPLATE_ROW)
#undef NAMEPLATE_ROW
          stream("stream_read", Arrays::read),
      stream("stream_write", Arrays::write),
      stream("stream_copy", Arrays::copy),
      stream("stream_triad", Arrays::triad),
      own<PatternParameters>("pattern_fill", streamThreads, patternWork),
      own<CompareParameters>("buffer_compare", streamThreads, compareWork),
      transpose(1),
      transpose(2),
      transpose(4),
      transpose(8),
      {"scale", {sizeof(CUdeviceptr), sizeof(float), sizeof(unsigned)}, 1024, scaleWork},
  };
  return rows;
}

}  // namespace

const KnownKernel* findKernel(const std::string& name) {
  for (const KnownKernel& row : table())
    if (row.name == name) return &row;
  return nullptr;
}

}  // namespace nameplate::simulated
