#include "kernel.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <tuple>
#include <type_traits>

#include "dpx.h"
#include "gemm.h"
#include "kernels/ladder.h"
#include "kernels/mma.h"
#include "kernels/sparse_wgmma.h"
#include "random.h"
#include "setting.h"
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

// Twice the rate of the dense unit, as documents have it.
KnownKernel sparseGemm(const char* name, DType dtype, Unit unit, const GemmTile& tile) {
  return own<SparseGemmParameters>(
      name, tile.threads,
      [dtype, unit, tile](const Card& card, const Grid& grid, const SparseGemmParameters& p) {
        return sparseGemmWork(card, {p.gemm, dtype, unit, 2, tile, grid.blocks}, p.metadata);
      });
}

// The matrices are known by their tensor maps alone; K is that of A, where any of it is read, and twice that
// where A is compressed.
GemmParameters productOf(const Grid& grid, const WgmmaParameters& p, DType dtype, const WgmmaTile& tile) {
  const auto [a, b, c] = std::tuple(opened(p.a), opened(p.b), opened(p.c));
  require(a && b && c && grid.blocks % tile.cluster() == 0);
  const auto leading = [](const TiledMatrix& matrix) { return matrix.strideBytes / matrix.elementBytes; };
  const unsigned long long stored = p.steps == 0 ? 0 : a->columns, k = stored * tile.partsOfB;
  const unsigned long long covered = WgmmaGrid::ceil(stored * row(dtype).bytes, WgmmaTile::rowBytes);
  require(covered == p.steps && (k == 0 || (b->columns == k && a->rows == c->rows && b->rows == c->columns)));
  const GemmParameters at{a->base,     b->base,     const_cast<void*>(c->base),
                          c->rows,     c->columns,  k,
                          leading(*a), leading(*b), leading(*c)};
  require(p.parts > 0 && p.parts * p.stepsOfPart >= p.steps &&
          (p.steps == 0 || (p.parts - 1) * p.stepsOfPart < p.steps));
  if (p.parts > 1) {
    // What the blocks of a tile share is no result: nobody looks at it, and launches in turns all write
    // there.
    const unsigned long long tiles = p.down * p.across * tile.cluster();
    require(grid.blocks == tiles * p.parts);
    require(onDevice(span(p.partials, tiles * p.parts * tile.m * tile.n * 4)) &&
            onDevice(span(p.arrivals, tiles * tile.consumers * 4)));
  }
  return at;
}

Work productWork(const Card& card, const Grid& grid, const WgmmaParameters& p, DType dtype, Unit unit,
                 const WgmmaTile& tile) {
  return gemmWork(card, {productOf(grid, p, dtype, tile), dtype, unit, 1, {tile.m, tile.n, 0}});
}

KnownKernel sparseWgmma(const char* name, DType dtype, Unit unit, const WgmmaTile& tile) {
  return own<SparseWgmmaParameters>(
      name, tile.threads(),
      [dtype, unit, tile](const Card& card, const Grid& grid, const SparseWgmmaParameters& p) {
        const GemmParameters at = productOf(grid, p.product, dtype, tile);
        require(p.down == (at.m + sparseRows - 1) / sparseRows &&
                p.across == at.k / sparseBlockOfK(static_cast<unsigned>(row(dtype).bytes)));
        return sparseGemmWork(card, {at, dtype, unit, 2, {tile.m, tile.n, 0}}, p.metadata);
      });
}

KnownKernel wgmma(const char* name, DType dtype, Unit unit, const WgmmaTile& tile) {
  return own<WgmmaParameters>(
      name, tile.threads(),
      [dtype, unit, tile](const Card& card, const Grid& grid, const WgmmaParameters& p) {
        return productWork(card, grid, p, dtype, unit, tile);
      });
}

KnownKernel ladderStep(const char* name, const LadderStep& step) {
  return own<LadderParameters>(
      name, step.threads(), [step](const Card& card, const Grid& grid, const LadderParameters& p) {
        const auto c = opened(p.product.c);
        require(c && c->base == p.c && c->rows == p.rows && c->columns == p.columns);
        require(step.persistent || grid.blocks == p.product.down * p.product.across * step.tile.cluster());
        return productWork(card, grid, p.product, DType::bf16, Unit::bf16, step.tile);
      });
}

struct Arrays {
  const char* name;
  unsigned inputs;
  enum { fold, array, sum } result;
  double (*element)(double a, double b);
};

const Arrays streams[] = {
    {"read", 1, Arrays::fold, [](double a, double) { return a; }},
    {"write", 0, Arrays::array, nullptr},
    {"copy", 1, Arrays::array, [](double a, double) { return a; }},
    {"scale", 1, Arrays::array, [](double a, double) { return 2 * a; }},
    {"add", 2, Arrays::array, [](double a, double b) { return a + b; }},
    {"triad", 2, Arrays::array, [](double a, double b) { return a + 2 * b; }},
    {"dot", 2, Arrays::sum, [](double a, double b) { return a * b; }},
};

// Launches are told apart by the bytes of what they are handed, of which padding would be any.
static_assert(std::has_unique_object_representations_v<StreamParameters>);

Work streamWork(const Arrays& row, const Card& card, const Grid& grid, const StreamParameters& p) {
  const unsigned long long bytes = p.words * 8;
  const auto count = static_cast<std::size_t>(p.words);
  Work work;
  const bool array = row.result == Arrays::array;
  if (row.inputs > 0) work.reads.push_back(span(p.a, bytes));
  if (row.inputs > 1) work.reads.push_back(span(p.b, bytes));
  work.seconds = movingSeconds(card, (row.inputs + (array ? 1.0 : 0.0)) * static_cast<double>(bytes));
  // All forms of a kernel leave the same array: it need not be made again for each. Of the partial results,
  // the first block's is that of all.
  if (array) work.what = std::string("stream_") + row.name + bytesOf(p);
  const std::size_t partialBytes = row.result == Arrays::fold ? sizeof(unsigned) : sizeof(double);
  work.writes = {span(p.out, array ? bytes : grid.blocks * partialBytes)};
  work.compute = [=](const Hosts& reads, const Hosts& writes) {
    const auto input = [&](std::size_t at) {
      return at < reads.size() ? reinterpret_cast<const double*>(reads[at]) : nullptr;
    };
    const double *a = input(0), *b = input(1);
    const auto element = [&](std::size_t i) { return row.element(a[i], b ? b[i] : 0); };
    if (!array) std::memset(writes[0], 0, grid.blocks * partialBytes);
    if (row.result == Arrays::fold) {
      unsigned long long fold = 0;
      for (std::size_t i = 0; i < count; ++i) fold ^= std::bit_cast<unsigned long long>(a[i]);
      *reinterpret_cast<unsigned*>(writes[0]) = static_cast<unsigned>(fold ^ (fold >> 32));
    } else if (row.result == Arrays::sum) {
      double sum = 0;
      for (std::size_t i = 0; i < count; ++i) sum += element(i);
      *reinterpret_cast<double*>(writes[0]) = sum;
    } else if (!row.element) {
      for (std::size_t i = 0; i < count; ++i)
        reinterpret_cast<unsigned long long*>(writes[0])[i] = p.word * 0x100000001ull;
    } else {
      for (std::size_t i = 0; i < count; ++i) reinterpret_cast<double*>(writes[0])[i] = element(i);
    }
  };
  return work;
}

// The card prefers one form on one grid, which is not what the launcher would guess: a search has to find it.
constexpr StreamAccess preferred{16, 2};
constexpr unsigned preferredBlocks = 2, preferredThreads = 256;

KnownKernel stream(const std::string& name, unsigned threads, const Arrays& row, StreamAccess access) {
  const bool liked = access.bytes == preferred.bytes && access.count == preferred.count;
  return own<StreamParameters>(
      name, threads, [&row, liked](const Card& card, const Grid& grid, const StreamParameters& p) {
        Work work = streamWork(row, card, grid, p);
        const auto blocks = static_cast<unsigned>(card.multiprocessors) * preferredBlocks;
        if (!liked) work.seconds *= 1.1;
        if (grid.blocks != blocks || grid.threads != preferredThreads) work.seconds *= 1.1;
        return work;
      });
}

// In all forms.
std::vector<KnownKernel> streamKernels() {
  std::vector<KnownKernel> rows;
  for (const Arrays& row : streams) {
    const std::string name = std::string("stream_") + row.name;
    for (const StreamAccess access : streamAccesses)
      if (streamFits(access, row.inputs))
        rows.push_back(stream(name + "_" + std::to_string(access.bytes) + "x" + std::to_string(access.count),
                              streamThreads, row, access));
    if (name == "stream_copy") rows.push_back(stream("stream_copy_bulk", bulkThreads, row, {}));
  }
  return rows;
}

// A set that fits L2 is served at five times the bandwidth of memory, one that fits a multiprocessor's 128
// KiB of L1 at ten times.
double sweepSeconds(const Card& card, double walked, double bytes, bool own) {
  const double l2 = number("NAMEPLATE_SIMULATE_L2", 1 << 20) / (own ? card.multiprocessors : 1);
  const double faster = own && bytes <= 128 << 10 ? 10 : bytes <= l2 ? 5 : 1;
  return movingSeconds(card, walked) / faster;
}

enum class Walk { readOwn, read, copy };

Work sweepWork(Walk walk, const Card& card, const Grid& grid, const SweepParameters& p) {
  const bool own = walk == Walk::readOwn;
  const unsigned long long sets = own ? grid.blocks : 1, bytes = sets * p.vectors * 16;
  const double walked = static_cast<double>(bytes * p.passes) * (walk == Walk::copy ? 2 : 1);
  Work work;
  work.seconds = sweepSeconds(card, walked, static_cast<double>(p.vectors) * 16, own);
  work.reads = {span(p.a, bytes)};
  work.writes = {span(p.out, walk == Walk::copy ? bytes : grid.blocks * 8ull)};
  if (walk == Walk::copy) {
    work.compute = [bytes](const Hosts& reads, const Hosts& writes) {
      std::memmove(writes[0], reads[0], bytes);
    };
    return work;
  }
  work.compute = [bytes, p, grid](const Hosts& reads, const Hosts& writes) {
    const auto* words = reinterpret_cast<const unsigned long long*>(reads[0]);
    auto* sums = reinterpret_cast<unsigned long long*>(writes[0]);
    std::memset(sums, 0, grid.blocks * 8ull);
    for (std::size_t i = 0; i < bytes / 8; ++i) sums[0] += words[i];
    sums[0] *= p.passes;
  };
  return work;
}

KnownKernel sweep(const char* name, Walk walk) {
  return own<SweepParameters>(name, sweepThreads,
                              [walk](const Card& card, const Grid& grid, const SweepParameters& p) {
                                return sweepWork(walk, card, grid, p);
                              });
}

unsigned long long nodeAt(CUdeviceptr node) {
  return *reinterpret_cast<const unsigned long long*>(place({node, 8}, false).host);
}

// A cycle that fits 128 KiB of L1 is fetched from L2 once in every launch. L2 outlives a kernel, and still
// has what was written last.
double chaseSeconds(CUdeviceptr nodes, double steps) {
  constexpr unsigned mostLines = 1024;
  constexpr double near = 2e-8, fetched = 1.5e-7, l2 = 2e-7, memory = 6e-7, host = 1.5e-6;
  if (!onDevice({nodes, 8})) return steps * host;
  unsigned lines = 1;
  for (CUdeviceptr at = nodeAt(nodes); at != nodes && lines <= mostLines; at = nodeAt(at)) ++lines;
  if (lines <= mostLines) return steps * near + lines * fetched;
  const auto [bytes, since] = recency({nodes, 8});
  const double left = number("NAMEPLATE_SIMULATE_L2", 1 << 20) - static_cast<double>(since);
  const double hits = std::clamp(left / static_cast<double>(bytes), 0.0, 1.0);
  return steps * (hits * l2 + (1 - hits) * memory);
}

// The address of the allocation that holds `at`, and where its bytes are here, is all that following takes.
Work chaseWork(const Card&, const Grid&, const ChaseParameters& p) {
  Work work;
  work.seconds = chaseSeconds(reinterpret_cast<CUdeviceptr>(p.nodes), static_cast<double>(p.steps));
  work.writes = {span(p.state, 16)};
  work.reads = {work.writes[0]};
  work.compute = [p](const Hosts&, const Hosts& writes) {
    auto* state = reinterpret_cast<unsigned long long*>(writes[0]);
    for (unsigned long long step = 0; step < p.steps; ++step) state[0] = nodeAt(state[0]);
    state[1] += p.steps;
  };
  return work;
}

Work tickWork(const Card&, const Grid&, const TickParameters& p) {
  Work work;
  work.seconds = 5e-6;
  work.writes = {span(p.count, 8)};
  work.reads = work.writes;
  work.compute = [](const Hosts&, const Hosts& writes) {
    ++*reinterpret_cast<unsigned long long*>(writes[0]);
  };
  return work;
}

KnownKernel dpx(const char* name, Dpx which) {
  return own<DpxParameters>(name, dpxThreads,
                            [which](const Card& card, const Grid& grid, const DpxParameters& p) {
                              return dpxWork(card, which, grid.blocks, p);
                            });
}

Work linkWork(const Card& card, const Grid&, const LinkParameters& p) {
  const unsigned long long bytes = p.vectors * 16;
  Work work;
  work.seconds = linkSeconds(card, static_cast<double>(bytes), false);
  work.reads = {span(p.from, bytes)};
  work.writes = {span(p.out, bytes)};
  if (p.backOut) {
    work.reads.push_back(span(p.backFrom, bytes));
    work.writes.push_back(span(p.backOut, bytes));
  }
  work.compute = [bytes](const Hosts& reads, const Hosts& writes) {
    for (std::size_t way = 0; way < reads.size(); ++way) std::memmove(writes[way], reads[way], bytes);
  };
  return work;
}

Work patternWork(const Card& card, const Grid&, const PatternParameters& p) {
  Work work;
  work.seconds = movingSeconds(card, static_cast<double>(p.words) * 8);
  work.writes = {span(p.out, p.words * 8)};
  work.compute = [p](const Hosts&, const Hosts& writes) {
    auto* out = reinterpret_cast<unsigned long long*>(writes[0]);
    for (std::size_t i = 0; i < p.words; ++i) out[i] = patternWord(p.seed, i) & p.mask;
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

struct TensorFormat {
  DType dtype;
  Unit unit;
};
namespace formats {
constexpr TensorFormat bf16{DType::bf16, Unit::bf16}, fp16{DType::fp16, Unit::fp16},
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
      gemm("gemm_wmma_fp16_128x128", DType::fp16, Unit::fp16, wmma128x128),
      gemm("gemm_wmma_fp16_64x64", DType::fp16, Unit::fp16, wmma64x64),
      gemm("gemm_wmma_fp16_acc16_128x128", DType::fp16, Unit::fp16acc16, wmma128x128),
      gemm("gemm_wmma_fp16_acc16_64x64", DType::fp16, Unit::fp16acc16, wmma64x64),
#define NAMEPLATE_ROW(format, m, n, warpM, warpN, stages, blocks)                                            \
  gemm("gemm_mma_" #format "_" #m "x" #n "_" #warpM "x" #warpN, formats::format.dtype, formats::format.unit, \
       mmaTile<m, n, warpM, warpN, stages>),
      NAMEPLATE_MMA_KERNELS(NAMEPLATE_ROW)             //
      NAMEPLATE_MMA_TURING_KERNELS(NAMEPLATE_ROW)      //
      NAMEPLATE_MMA_NATIVE_FP8_KERNELS(NAMEPLATE_ROW)  //
      NAMEPLATE_MMA_FP8_KERNELS(NAMEPLATE_ROW)
#undef NAMEPLATE_ROW
#define NAMEPLATE_ROW(format, bytes, m, n, warpM, warpN, stages, blocks)                        \
  sparseGemm("gemm_sparse_" #format "_" #m "x" #n "_" #warpM "x" #warpN, formats::format.dtype, \
             formats::format.unit, sparseTile<m, n, warpM, warpN, stages, bytes>),
          NAMEPLATE_SPARSE_LARGE_KERNELS(NAMEPLATE_ROW)  //
      NAMEPLATE_SPARSE_KERNELS(NAMEPLATE_ROW)            //
      NAMEPLATE_SPARSE_FP8_KERNELS(NAMEPLATE_ROW)
#undef NAMEPLATE_ROW
#define NAMEPLATE_ROW(format, m, n, stages, clusterM, clusterN)                                 \
  wgmma("gemm_wgmma_" #format "_" #m "x" #n "_" #clusterM "x" #clusterN, formats::format.dtype, \
        formats::format.unit, {m, n, stages, clusterM, clusterN}),
          NAMEPLATE_WGMMA_KERNELS(NAMEPLATE_ROW)
#undef NAMEPLATE_ROW
#define NAMEPLATE_ROW(format, m, n, stages, clusterM, clusterN)                                              \
  sparseWgmma("gemm_sparse_wgmma_" #format "_" #m "x" #n "_" #clusterM "x" #clusterN, formats::format.dtype, \
              formats::format.unit, sparseWgmmaTile<m, n, stages, clusterM, clusterN>),
              NAMEPLATE_SPARSE_WGMMA_KERNELS(NAMEPLATE_ROW)
#undef NAMEPLATE_ROW
#define NAMEPLATE_STEP(number) ladderStep("gemm_ladder_bf16_" #number, ladder[number - 1]),
                  NAMEPLATE_LADDER(NAMEPLATE_STEP)
#undef NAMEPLATE_STEP
                      own<PatternParameters>("pattern_fill", bufferThreads, patternWork),
      own<CompareParameters>("buffer_compare", bufferThreads, compareWork),
      sweep("sweep_read_own", Walk::readOwn),
      sweep("sweep_read", Walk::read),
      sweep("sweep_copy", Walk::copy),
      own<ChaseParameters>("chase", chaseThreads, chaseWork),
      own<TickParameters>("tick", chaseThreads, tickWork),
      dpx("dpx_viaddmax_s32", Dpx::addMax),
      dpx("dpx_viaddmax_s16x2", Dpx::addMax16),
      dpx("dpx_viaddmax_s16x2_relu", Dpx::addMax16Relu),
      dpx("dpx_vimax3_s32", Dpx::max3),
      own<LinkParameters>("link_copy", linkThreads, linkWork),
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
  static const std::vector<KnownKernel> moving = streamKernels();
  for (const auto* rows : {&table(), &moving})
    for (const KnownKernel& row : *rows)
      if (row.name == name) return &row;
  return nullptr;
}

}  // namespace nameplate::simulated
