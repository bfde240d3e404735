// Runs the wgmma kernels on the processor and holds their results against plain loops. Build and run, from
// the root of the package:
//
//   g++ -std=c++20 -O2 -fsanitize=undefined -fno-sanitize-recover -fno-strict-aliasing -Wno-unknown-pragmas
//   -Wno-psabi
//     -I test/kernels/hopper -I native -include test/kernels/hopper/cuda.h
//     -x c++ native/kernels/{wgmma,ladder}.cu test/kernels/hopper/{emulate,machine,copies,multiplies}.cc
//     -o emulate
//   ./emulate [PART OF A KERNEL'S NAME]
//
// Inputs are small integers, whose sums every accumulator holds exactly: results must agree bit for bit, and
// what lies between and around the rows of C must be untouched. Exit status 1 on the first difference.
#include "kernels/ladder.h"
#include "product.h"

namespace nameplate {

#define NAMEPLATE_DECLARE(format, m, n, stages, clusterM, clusterN) \
  extern "C" void gemm_wgmma_##format##_##m##x##n##_##clusterM##x##clusterN(WgmmaParameters);
NAMEPLATE_WGMMA_KERNELS(NAMEPLATE_DECLARE)
#define NAMEPLATE_DECLARE_STEP(number) extern "C" void gemm_ladder_bf16_##number(LadderParameters);
NAMEPLATE_LADDER(NAMEPLATE_DECLARE_STEP)

namespace {

struct Kernel {
  std::string name;
  void (*run)(const LadderParameters&);
  WgmmaTile tile;
  Format format;
  unsigned threads;
  bool persistent, splits;  // K
};

const Kernel kernels[] = {
#define NAMEPLATE_ROW(format, m, n, stages, clusterM, clusterN)                                             \
  {"gemm_wgmma_" #format "_" #m "x" #n "_" #clusterM "x" #clusterN,                                         \
   [](const LadderParameters& p) { gemm_wgmma_##format##_##m##x##n##_##clusterM##x##clusterN(p.product); }, \
   {m, n, stages, clusterM, clusterN},                                                                      \
   format,                                                                                                  \
   WgmmaTile{m, n, stages, clusterM, clusterN}.threads(),                                                   \
   true,                                                                                                    \
   true},
    NAMEPLATE_WGMMA_KERNELS(NAMEPLATE_ROW)
#define NAMEPLATE_STEP(number)                                      \
  {"gemm_ladder_bf16_" #number,                                     \
   [](const LadderParameters& p) { gemm_ladder_bf16_##number(p); }, \
   ladder[number - 1].tile,                                         \
   bf16,                                                            \
   ladder[number - 1].threads(),                                    \
   ladder[number - 1].persistent,                                   \
   false},
        NAMEPLATE_LADDER(NAMEPLATE_STEP)};

// As native/cuda/wgmma.cc and ladder.cc do.
void launch(const Kernel& kernel, const Matrix& a, const Matrix& b, const Matrix& c, const WgmmaGrid& grid,
            Workspace& workspace, Timing timing) {
  LadderParameters parameters{parametersOf(kernel.tile, a, b, c, grid, workspace), c.data(), c.rows,
                              c.columns, c.ld};
  WgmmaParameters& p = parameters.product;
  if (!kernel.persistent) p.group = 1;
  const unsigned blocks = kernel.persistent ? grid.blocks : p.down * p.across * kernel.tile.cluster();
  machine::launch(blocks, kernel.tile.cluster(), kernel.threads, timing, [&] { kernel.run(parameters); });
}

WgmmaGrid gridOf(const Kernel& kernel, const Matrix& a, const Matrix& c, unsigned multiprocessors) {
  return {kernel.tile, c.rows, c.columns, a.columns * row(a.dtype).bytes, multiprocessors};
}

void check(const Kernel& kernel, std::size_t m, std::size_t n, std::size_t k, unsigned multiprocessors,
           Timing timing, unsigned parts = 1) {
  const std::string what = nameOf(kernel.name, m, n, k, parts, timing);
  const DType output = row(kernel.format.dtype).output;
  Matrix a(kernel.format.dtype, m, k, n % 2), b(kernel.format.dtype, n, k, m % 2), c(output, m, n, k % 2),
      expected(output, m, n, k % 2);
  a.randomize(m * 1000 + k, kernel.format);
  b.randomize(n * 1000 + k + 7, kernel.format);
  multiply(a, b, expected);
  try {
    WgmmaGrid grid = gridOf(kernel, a, c, multiprocessors);
    if (parts > 1) grid = grid.inParts(kernel.tile, parts);
    Workspace workspace(kernel.tile, grid);
    launch(kernel, a, b, c, grid, workspace, timing);
    if (parts > 1) {  // the next launch finds the counters as the first did, and other partial sums
      std::memset(c.memory, 0x7f, c.bytes);
      launch(kernel, a, b, c, grid, workspace, timing);
    }
  } catch (const std::exception& error) {
    fail(what + ": " + error.what());
  }
  requireSame(c, expected, what);
}

void checkEdges(const Kernel& kernel, unsigned seed) {
  const std::size_t sizes[] = {1, 7, 64, 65, 127, 128, 129, 255, 257};
  const std::size_t steps = WgmmaTile::rowBytes / row(kernel.format.dtype).bytes;  // elements of K
  const std::size_t depths[] = {0, 1, 7, steps - 1, steps, steps + 1, 2 * steps + 3};
  unsigned shapes = 0;
  // Each kernel takes other pairs of the sizes, and all of the depths.
  for (std::size_t i = 0; i < std::size(depths); ++i) {
    const std::size_t m = sizes[(i + seed) % 9], n = sizes[(2 * i + 5 * seed) % 9];
    check(kernel, m, n, depths[i], 132, timings[shapes++ % 6]);
  }
  // Several tiles for one cluster, and more rounds of the ring than one: its barriers' phases wrap.
  const std::size_t deep = (kernel.tile.stages + 1) * steps - 3;
  const unsigned one = kernel.tile.cluster();
  check(kernel, kernel.tile.m + 1, 2 * kernel.tile.n + 9, deep, one, timings[seed % 6]);
  check(kernel, 3, 3 * kernel.tile.n - 1, steps + 1, one, timings[(seed + 2) % 6]);
  shapes += 2;
  if (kernel.splits) {  // of 5 steps, the last part takes fewer; with two clusters, turns are mixed
    check(kernel, kernel.tile.m + 1, 9, 5 * steps - 1, 132, timings[seed % 6], 2);
    check(kernel, 65, kernel.tile.n + 1, 5 * steps - 1, 2 * one, timings[(seed + 3) % 6], 3);
    shapes += 2;
  }
  std::printf("ok %-32s %u shapes\n", kernel.name.c_str(), shapes);
}

// Parts of K are added in their order, whichever comes last: the blocks run forwards and backwards, and every
// order of these numbers has other roundings.
void checkOrder(const Kernel& kernel) {
  const std::size_t n = kernel.tile.n, k = 6 * WgmmaTile::rowBytes / row(kernel.format.dtype).bytes;
  Matrix a(kernel.format.dtype, 64, k, 0), b(kernel.format.dtype, n, k, 0),
      c(row(kernel.format.dtype).output, 64, n, 0);
  for (Matrix* matrix : {&a, &b})
    for (std::size_t r = 0; r < matrix->rows; ++r)
      for (std::size_t l = 0; l < k; ++l) {
        const double unit = randomUnit(matrix == &a ? 3 : 5, r * k + l);
        matrix->set(r, l, std::ldexp(unit < 0.5 ? -1 : 1, static_cast<int>(unit * 1000) % 15 - 10));
      }
  const WgmmaGrid grid = gridOf(kernel, a, c, 132).inParts(kernel.tile, 3);
  Workspace workspace(kernel.tile, grid);
  launch(kernel, a, b, c, grid, workspace, {false, false, false});
  const std::vector<std::byte> forwards(c.memory, c.memory + c.bytes);
  launch(kernel, a, b, c, grid, workspace, {false, false, true});
  if (std::memcmp(c.memory, forwards.data(), c.bytes) != 0)
    fail(kernel.name + " adds the parts of K in the order in which they come");
}

// With sums of 13 bits, as Hopper's tensor cores keep them, 2^14 swallows what is added to it later.
// Promotion saves the later blocks of K; the fast kernel loses them.
void checkPromotion(const Kernel& kernel, bool promotes) {
  constexpr std::size_t k = 1024;
  Matrix a(kernel.format.dtype, 1, k, 0), b(kernel.format.dtype, 1, k, 0), c(DType::bf16, 1, 1, 0);
  for (std::size_t l = 0; l < k; ++l) {
    a.set(0, l, 0);
    b.set(0, l, 1);
  }
  const auto product = [&](std::size_t l, double x, double y) {
    a.set(0, l, x);
    b.set(0, l, y);
  };
  product(0, 128, 128);
  for (std::size_t block = 1; block < 7; ++block) product(block * 128, 0.5, 1);
  product(k - 1, 128, -128);
  machine::fp8SumBits = 13;
  const WgmmaGrid grid = gridOf(kernel, a, c, 132);
  Workspace workspace(kernel.tile, grid);
  launch(kernel, a, b, c, grid, workspace, timings[0]);
  machine::fp8SumBits = 23;
  if (c.at(0, 0) != (promotes ? 3 : 0)) fail(kernel.name + " promotes every 128 elements of K, or does not");
  std::printf("ok %-32s %s\n", kernel.name.c_str(), promotes ? "promotes" : "does not promote");
}

}  // namespace
}  // namespace nameplate

int main(int count, char** arguments) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  using namespace nameplate;
  unsigned seed = 0;
  for (const Kernel& kernel : kernels) {
    ++seed;
    if (count > 1 && kernel.name.find(arguments[1]) == std::string::npos) continue;
    checkEdges(kernel, seed);
    // Where results are as wide as the sums: others would hide the roundings.
    if (kernel.format.dtype == DType::tf32 || kernel.format.high == 1) checkOrder(kernel);
    if (kernel.name.find("fp8") != std::string::npos)
      checkPromotion(kernel, kernel.name.find("_fast") == std::string::npos);
  }
}
