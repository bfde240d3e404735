// Runs the kernels of sparse_wgmma.cu on the processor, as emulate.cc does those of wgmma.cu:
//
//   ... -x c++ native/kernels/sparse_wgmma.cu native/pruning.cc
//     test/kernels/hopper/{sparse,machine,copies,multiplies}.cc -o sparse
//   ./sparse [PART OF A KERNEL'S NAME]
//
// A is packed by the code that packs it for a GPU, and C is held against the plain product of what was kept.
#include "kernels/sparse_wgmma.h"
#include "product.h"
#include "pruning.h"

namespace nameplate {

#define NAMEPLATE_DECLARE(format, m, n, stages, clusterM, clusterN) \
  extern "C" void gemm_sparse_wgmma_##format##_##m##x##n##_##clusterM##x##clusterN(SparseWgmmaParameters);
NAMEPLATE_SPARSE_WGMMA_KERNELS(NAMEPLATE_DECLARE)

namespace {

struct Kernel {
  std::string name;
  void (*run)(SparseWgmmaParameters);
  WgmmaTile tile;
  Format format;
};

const Kernel kernels[] = {
#define NAMEPLATE_ROW(format, m, n, stages, clusterM, clusterN)            \
  {"gemm_sparse_wgmma_" #format "_" #m "x" #n "_" #clusterM "x" #clusterN, \
   gemm_sparse_wgmma_##format##_##m##x##n##_##clusterM##x##clusterN,       \
   sparseWgmmaTile<m, n, stages, clusterM, clusterN>, format},
    NAMEPLATE_SPARSE_WGMMA_KERNELS(NAMEPLATE_ROW)};

// Compressed A as a matrix of half the columns, and the metadata, each with codes that have no meaning around
// it.
struct Compressed {
  Matrix values;
  std::vector<std::uint32_t> metadata;

  Compressed(const Matrix& a, const Pruning& pruning) : values(a.dtype, a.rows, a.columns / 2, 0) {
    const SparseLayout layout{a.dtype, a.rows, a.columns};
    std::vector<std::byte> dense(a.rows * a.columns * row(a.dtype).bytes), packed(layout.bytes());
    for (std::size_t i = 0; i < a.rows * a.columns; ++i)
      store(a.dtype, dense.data(), i, a.at(i / a.columns, i % a.columns));
    for (std::size_t block = 0; block < layout.blocksDown(); ++block)
      layout.pack(pruning, dense.data(), block, packed.data());
    std::memcpy(values.data(), packed.data(), layout.metadataAt());
    const std::size_t words = (layout.bytes() - layout.metadataAt()) / 4;
    metadata.assign(words + 2 * red, 0x7f7f7f7f);
    std::memcpy(metadata.data() + red, packed.data() + layout.metadataAt(), words * 4);
  }

  static constexpr std::size_t red = 1 << 15;
};

// K is in units of what the packed matrices consist of: 128 bytes.
void check(const Kernel& kernel, std::size_t m, std::size_t n, std::size_t units, unsigned multiprocessors,
           Timing timing, unsigned parts = 1) {
  const DType dtype = kernel.format.dtype, output = row(dtype).output;
  const auto bytes = static_cast<unsigned>(row(dtype).bytes);
  const std::size_t k = units * sparseStepOfK(bytes);
  const std::string what = nameOf(kernel.name, m, n, k, parts, timing);
  Matrix a(dtype, m, k, 0), b(dtype, n, k, m % 2), c(output, m, n, units % 2),
      expected(output, m, n, units % 2);
  a.randomize(m * 1000 + k, kernel.format);
  b.randomize(n * 1000 + k + 7, kernel.format);
  const Pruning pruning(dtype, m + n);
  for (std::size_t i = 0; i < m * k; ++i)
    if (!pruning.keeps(i)) a.set(i / k, i % k, 0);
  multiply(a, b, expected);
  const Compressed compressed(a, pruning);
  try {
    WgmmaGrid grid(kernel.tile, m, n, k / 2 * bytes, multiprocessors);
    if (parts > 1) grid = grid.inParts(kernel.tile, parts);
    Workspace workspace(kernel.tile, grid);
    const SparseWgmmaParameters p{parametersOf(kernel.tile, compressed.values, b, c, grid, workspace),
                                  compressed.metadata.data() + Compressed::red,
                                  static_cast<unsigned>((m + sparseRows - 1) / sparseRows),
                                  static_cast<unsigned>(k / sparseBlockOfK(bytes))};
    machine::launch(grid.blocks, kernel.tile.cluster(), kernel.tile.threads(), timing,
                    [&] { kernel.run(p); });
  } catch (const std::exception& error) {
    fail(what + ": " + error.what());
  }
  requireSame(c, expected, what);
}

void checkEdges(const Kernel& kernel, unsigned seed) {
  const std::size_t sizes[] = {1, 15, 17, 64, 65, 127, 128, 129, 257};
  unsigned shapes = 0;
  // Each kernel takes other pairs of the sizes. An odd number of units ends with half a stage.
  for (std::size_t units = 0; units < 6; ++units) {
    const std::size_t m = sizes[(units + seed) % 9], n = sizes[(2 * units + 5 * seed) % 9];
    check(kernel, m, n, units, 132, timings[shapes++ % 6]);
  }
  // Several tiles for one cluster, and more rounds of the ring than one: its barriers' phases wrap.
  const std::size_t deep = 2 * kernel.tile.stages + 3;
  const unsigned one = kernel.tile.cluster();
  check(kernel, kernel.tile.m + 1, 2 * kernel.tile.n + 9, deep, one, timings[seed % 6]);
  check(kernel, 3, 3 * kernel.tile.n - 1, 3, one, timings[(seed + 2) % 6]);
  // Of 5 steps, the last part takes fewer.
  check(kernel, kernel.tile.m + 1, 9, 9, 132, timings[seed % 6], 2);
  std::printf("ok %-40s %u shapes\n", kernel.name.c_str(), shapes + 3);
}

}  // namespace
}  // namespace nameplate

int main(int count, char** arguments) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  using namespace nameplate;
  unsigned seed = 0;
  for (const Kernel& kernel : kernels) {
    ++seed;
    if (count == 1 || kernel.name.find(arguments[1]) != std::string::npos) checkEdges(kernel, seed);
  }
}
