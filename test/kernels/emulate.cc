// Runs every kernel of native/kernels/ on the processor and holds its results against plain loops. Build and
// run, from the root of the package:
//
//   g++ -std=c++20 -O2 -fsanitize=undefined -fno-sanitize-recover -fno-strict-aliasing
//     -Wno-unknown-pragmas -I native -I test/kernels/cuda -include test/kernels/shim.h
//     -x c++ native/kernels/*.cu test/kernels/*.cc -o emulate
//   ./emulate [PART OF THE NAMES OF GEMM KERNELS, WHICH ALONE ARE RUN]
//
// Inputs are small integers, whose sums every accumulator holds exactly: results must agree bit for bit. Exit
// status 1 on the first difference. Buffers end at a page that may not be touched: a segmentation fault is a
// kernel's access beyond an edge. The sanitiser finds vector accesses that are not on their boundary.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "backend.h"
#include "kernels/mma.h"
#include "kernels/parameters.h"
#include "kernels/sparse.h"
#include "pruning.h"
#include "random.h"

namespace nameplate {

extern "C" {
void gemm_simt_fp32_128x256(GemmParameters);
void gemm_simt_fp32_128x128(GemmParameters);
void gemm_simt_fp32_64x64(GemmParameters);
void gemm_simt_fp64_64x64(GemmParameters);
void gemm_simt_int8_64x64(GemmParameters);
void volta_simt_fp32_128x256(GemmParameters);
void volta_simt_fp32_64x64(GemmParameters);
void volta_simt_fp64_64x64(GemmParameters);
void volta_simt_int8_64x64(GemmParameters);
void gemm_wmma_fp16_128x128(GemmParameters);
void gemm_wmma_fp16_64x64(GemmParameters);
void gemm_wmma_fp16_acc16_128x128(GemmParameters);
void gemm_wmma_fp16_acc16_64x64(GemmParameters);
#define NAMEPLATE_KERNEL(format, m, n, warpM, warpN, stages, blocks) \
  void turing_mma_##format##_##m##x##n##_##warpM##x##warpN(GemmParameters);
NAMEPLATE_MMA_TURING_KERNELS(NAMEPLATE_KERNEL)
#undef NAMEPLATE_KERNEL
void gemm_dmma_fp64_128x128(GemmParameters);
void gemm_dmma_fp64_128x64(GemmParameters);
void gemm_dmma_fp64_64x64(GemmParameters);
void hopper_dmma_fp64_128x128(GemmParameters);
void hopper_dmma_fp64_128x64(GemmParameters);
void hopper_dmma_fp64_64x64(GemmParameters);
#define NAMEPLATE_KERNEL(format, m, n, warpM, warpN, stages, blocks) \
  void gemm_mma_##format##_##m##x##n##_##warpM##x##warpN(GemmParameters);
NAMEPLATE_MMA_KERNELS(NAMEPLATE_KERNEL)
NAMEPLATE_MMA_NATIVE_FP8_KERNELS(NAMEPLATE_KERNEL)
NAMEPLATE_MMA_FP8_KERNELS(NAMEPLATE_KERNEL)
#undef NAMEPLATE_KERNEL
#define NAMEPLATE_KERNEL(format, bytes, m, n, warpM, warpN, stages, blocks) \
  void gemm_sparse_##format##_##m##x##n##_##warpM##x##warpN(SparseGemmParameters);
NAMEPLATE_SPARSE_KERNELS(NAMEPLATE_KERNEL)
NAMEPLATE_SPARSE_LARGE_KERNELS(NAMEPLATE_KERNEL)
NAMEPLATE_SPARSE_FP8_KERNELS(NAMEPLATE_KERNEL)
#undef NAMEPLATE_KERNEL
#define NAMEPLATE_STREAMS(name)                                                        \
  void stream_##name##_16x1(StreamParameters), stream_##name##_16x2(StreamParameters), \
      stream_##name##_16x4(StreamParameters), stream_##name##_16x8(StreamParameters),  \
      stream_##name##_32x1(StreamParameters), stream_##name##_32x2(StreamParameters),  \
      stream_##name##_32x4(StreamParameters);
#define NAMEPLATE_LONG_STREAMS(name) \
  NAMEPLATE_STREAMS(name)            \
  void stream_##name##_16x16(StreamParameters), stream_##name##_32x8(StreamParameters);
NAMEPLATE_LONG_STREAMS(read)
NAMEPLATE_LONG_STREAMS(write)
NAMEPLATE_LONG_STREAMS(copy)
NAMEPLATE_LONG_STREAMS(scale)
NAMEPLATE_STREAMS(add)
NAMEPLATE_STREAMS(triad)
NAMEPLATE_STREAMS(dot)
void stream_copy_bulk(StreamParameters);
void pattern_fill(PatternParameters);
void buffer_compare(CompareParameters);
void sweep_read_own(SweepParameters);
void sweep_read(SweepParameters);
void sweep_copy(SweepParameters);
void chase(ChaseParameters);
void dpx_viaddmax_s32(DpxParameters);
void dpx_viaddmax_s16x2(DpxParameters);
void dpx_viaddmax_s16x2_relu(DpxParameters);
void dpx_vimax3_s32(DpxParameters);
void link_copy(LinkParameters);
void tick(TickParameters);
void transpose_1(TransposeParameters);
void transpose_2(TransposeParameters);
void transpose_4(TransposeParameters);
void transpose_8(TransposeParameters);
}

namespace {

using emulation::Index;
using emulation::Order;

[[noreturn]] void fail(const std::string& what) {
  std::printf("FAILED: %s\n", what.c_str());
  std::exit(1);
}

void demand(bool holds, const std::string& what) {
  if (!holds) fail(what);
}

constexpr Order orders[] = {Order::forward, Order::backward};

// Address space; memory stands only behind what is touched.
struct Expanse {
  explicit Expanse(std::size_t bytes)
      : bytes(bytes),
        data(mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
                  0)) {
    demand(data != MAP_FAILED, "address space for a buffer");
  }
  ~Expanse() { munmap(data, bytes); }
  Expanse(const Expanse&) = delete;
  Expanse& operator=(const Expanse&) = delete;
  std::size_t bytes;
  void* data;
};

// `bytes` bytes of poison on an `alignment` boundary, as close before a forbidden page as that allows. The
// few bytes between are poison too, so that a kernel which reads them errs, and must keep it.
class Fenced {
 public:
  Fenced(std::size_t bytes, std::size_t alignment)
      : page_(static_cast<std::size_t>(sysconf(_SC_PAGESIZE))),
        extent_((bytes + alignment - 1) / alignment * alignment),
        bytes_(bytes),
        pages_((extent_ + page_ - 1) / page_ * page_ + page_) {
    auto* fence = static_cast<std::byte*>(pages_.data) + pages_.bytes - page_;
    demand(mprotect(fence, page_, PROT_NONE) == 0, "a page that may not be touched");
    data_ = fence - extent_;
    std::memset(data_, poison, extent_);
  }
  ~Fenced() {
    for (std::size_t i = bytes_; i < extent_; ++i)
      demand(data_[i] == static_cast<std::byte>(poison), "a write just past the end of a buffer");
  }
  std::byte* data() const { return data_; }
  std::size_t bytes() const { return bytes_; }

 private:
  static constexpr int poison = 0x7f;
  std::size_t page_, extent_, bytes_;
  Expanse pages_;
  std::byte* data_;
};

template <typename Element>
struct Array : Fenced {
  explicit Array(std::size_t count, std::size_t alignment = sizeof(Element))
      : Fenced(count * sizeof(Element), alignment) {}
  Element& operator[](std::size_t i) const { return reinterpret_cast<Element*>(data())[i]; }
};

// --- GEMM ---

struct Gemm {
  const char* name;
  void (*kernel)(GemmParameters);
  GemmTile tile;
  DType dtype;
  int low, high;  // of the integers that inputs are drawn from: sums stay exact up to K = 300
};

struct Inputs {
  DType dtype;
  int low, high;
};
constexpr Inputs bf16{DType::bf16, -3, 8}, fp16{DType::fp16, -3, 8}, fp16_acc16{DType::fp16, -2, 2},
    tf32{DType::tf32, -3, 40}, int8{DType::int8, -128, 127}, fp8e4m3{DType::fp8e4m3, -3, 8},
    fp8e4m3_fast = fp8e4m3, fp8e5m2{DType::fp8e5m2, -2, 4}, fp8e5m2_fast = fp8e5m2;

const Gemm gemms[] = {
    {"gemm_simt_fp32_128x256", gemm_simt_fp32_128x256, simt128x256, DType::fp32, -3, 40},
    {"gemm_simt_fp32_128x128", gemm_simt_fp32_128x128, simt128x128, DType::fp32, -3, 40},
    {"gemm_simt_fp32_64x64", gemm_simt_fp32_64x64, simt64x64, DType::fp32, -3, 40},
    {"gemm_simt_fp64_64x64", gemm_simt_fp64_64x64, simt64x64, DType::fp64, -3, 40},
    {"gemm_simt_int8_64x64", gemm_simt_int8_64x64, simt64x64, DType::int8, -128, 127},
    {"volta_simt_fp32_128x256", volta_simt_fp32_128x256, beforeAmpere(simt128x256), DType::fp32, -3, 40},
    {"volta_simt_fp32_64x64", volta_simt_fp32_64x64, beforeAmpere(simt64x64), DType::fp32, -3, 40},
    {"volta_simt_fp64_64x64", volta_simt_fp64_64x64, beforeAmpere(simt64x64), DType::fp64, -3, 40},
    {"volta_simt_int8_64x64", volta_simt_int8_64x64, beforeAmpere(simt64x64), DType::int8, -128, 127},
    {"gemm_wmma_fp16_128x128", gemm_wmma_fp16_128x128, wmma128x128, DType::fp16, -3, 8},
    {"gemm_wmma_fp16_64x64", gemm_wmma_fp16_64x64, wmma64x64, DType::fp16, -3, 8},
    {"gemm_wmma_fp16_acc16_128x128", gemm_wmma_fp16_acc16_128x128, wmma128x128, DType::fp16, -2, 2},
    {"gemm_wmma_fp16_acc16_64x64", gemm_wmma_fp16_acc16_64x64, wmma64x64, DType::fp16, -2, 2},
#define NAMEPLATE_KERNEL(format, m, n, warpM, warpN, stages, blocks) \
  {"turing_mma_" #format "_" #m "x" #n "_" #warpM "x" #warpN,        \
   turing_mma_##format##_##m##x##n##_##warpM##x##warpN,              \
   mmaTile<m, n, warpM, warpN, stages>,                              \
   format.dtype,                                                     \
   format.low,                                                       \
   format.high},
    NAMEPLATE_MMA_TURING_KERNELS(NAMEPLATE_KERNEL)
#undef NAMEPLATE_KERNEL
        {"gemm_dmma_fp64_128x128", gemm_dmma_fp64_128x128, dmma128x128, DType::fp64, -3, 40},
    {"gemm_dmma_fp64_128x64", gemm_dmma_fp64_128x64, dmma128x64, DType::fp64, -3, 40},
    {"gemm_dmma_fp64_64x64", gemm_dmma_fp64_64x64, dmma64x64, DType::fp64, -3, 40},
    {"hopper_dmma_fp64_128x128", hopper_dmma_fp64_128x128, dmma128x128, DType::fp64, -3, 40},
    {"hopper_dmma_fp64_128x64", hopper_dmma_fp64_128x64, dmma128x64, DType::fp64, -3, 40},
    {"hopper_dmma_fp64_64x64", hopper_dmma_fp64_64x64, dmma64x64, DType::fp64, -3, 40},
#define NAMEPLATE_KERNEL(format, m, n, warpM, warpN, stages, blocks) \
  {"gemm_mma_" #format "_" #m "x" #n "_" #warpM "x" #warpN,          \
   gemm_mma_##format##_##m##x##n##_##warpM##x##warpN,                \
   mmaTile<m, n, warpM, warpN, stages>,                              \
   format.dtype,                                                     \
   format.low,                                                       \
   format.high},
    NAMEPLATE_MMA_KERNELS(NAMEPLATE_KERNEL)             //
    NAMEPLATE_MMA_NATIVE_FP8_KERNELS(NAMEPLATE_KERNEL)  //
    NAMEPLATE_MMA_FP8_KERNELS(NAMEPLATE_KERNEL)
#undef NAMEPLATE_KERNEL
};

void launch(const Gemm& gemm, const GemmParameters& p, Order order) {
  const auto tiles = (p.m + gemm.tile.m - 1) / gemm.tile.m * ((p.n + gemm.tile.n - 1) / gemm.tile.n);
  emulation::launch(
      static_cast<unsigned>(tiles), {gemm.tile.threads, 1, 1}, order, [&] { gemm.kernel(p); },
      gemm.tile.sharedBytes);
}

// rows x columns elements, `ld` apart, starting `offset` elements after a boundary of `alignment` bytes.
struct Matrix {
  Matrix(DType dtype, std::size_t rows, std::size_t columns, std::size_t ld, std::size_t offset,
         std::size_t alignment)
      : dtype(dtype),
        rows(rows),
        columns(columns),
        ld(ld),
        offset(offset),
        memory((offset + (rows == 0 || columns == 0 ? 0 : (rows - 1) * ld + columns)) * row(dtype).bytes,
               alignment) {}

  void* data() const { return memory.data() + offset * row(dtype).bytes; }
  double at(std::size_t r, std::size_t c) const { return load(dtype, data(), r * ld + c); }
  void set(std::size_t r, std::size_t c, double value) { store(dtype, data(), r * ld + c, value); }

  void randomize(unsigned long long seed, int low, int high) {
    for (std::size_t r = 0; r < rows; ++r)
      for (std::size_t c = 0; c < columns; ++c)
        set(r, c, low + std::floor(randomUnit(seed, r * columns + c) * (high - low + 1)));
  }

  DType dtype;
  std::size_t rows, columns, ld, offset;
  Fenced memory;
};

// The products of all rows of a with all rows of b, stored as the kernel should store them.
void multiply(const Matrix& a, const Matrix& b, Matrix& c) {
  const auto values = [](const Matrix& matrix) {
    std::vector<double> all(matrix.rows * matrix.columns);
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = matrix.at(i / matrix.columns, i % matrix.columns);
    return all;
  };
  const std::vector<double> x = values(a), y = values(b);
  for (std::size_t i = 0; i < c.rows; ++i)
    for (std::size_t j = 0; j < c.columns; ++j) {
      double sum = 0;
      for (std::size_t l = 0; l < a.columns; ++l) sum += x[i * a.columns + l] * y[j * a.columns + l];
      c.set(i, j, sum);
    }
}

struct Placement {
  const char* name;
  std::size_t (*ld)(std::size_t row, std::size_t perChunk);
  std::size_t offset;
  std::size_t alignment;
};

const Placement placements[] = {
    {"packed", [](std::size_t row, std::size_t) { return row; }, 0, 1},
    {"aligned", [](std::size_t row, std::size_t chunk) { return (row + chunk - 1) / chunk * chunk + chunk; },
     0, 16},
    {"odd", [](std::size_t row, std::size_t) { return row + 3; }, 1, 1},
};

void checkGemm(const Gemm& gemm, std::size_t m, std::size_t n, std::size_t k, const Placement& place,
               Order order) {
  const DType output = row(gemm.dtype).output;
  const auto make = [&](DType dtype, std::size_t rows, std::size_t columns) {
    return Matrix(dtype, rows, columns, place.ld(columns, 16 / row(dtype).bytes), place.offset,
                  place.alignment);
  };
  Matrix a = make(gemm.dtype, m, k), b = make(gemm.dtype, n, k), c = make(output, m, n),
         expected = make(output, m, n);
  a.randomize(m * 1000 + k, gemm.low, gemm.high);
  b.randomize(n * 1000 + k + 7, gemm.low, gemm.high);
  multiply(a, b, expected);
  launch(gemm, {a.data(), b.data(), c.data(), m, n, k, a.ld, b.ld, c.ld}, order);
  // Every byte: results, what lies between the rows, and what lies before the first.
  demand(std::memcmp(c.memory.data(), expected.memory.data(), c.memory.bytes()) == 0,
         std::string(gemm.name) + " " + std::to_string(m) + "x" + std::to_string(n) + "x" +
             std::to_string(k) + " " + place.name);
}

void checkEdges(const Gemm& gemm) {
  const std::size_t sizes[] = {1, 7, 16, 63, 64, 65, 127, 128, 129, 255, 257};
  const std::size_t depths[] = {0, 1, 7, 16, 63, 64, 65, 127, 128, 129, 255, 257};
  std::size_t shapes = 0;
  // Some fields of a Latin square, in which every pair of two sizes occurs, though not every three together.
  // The kernels of the table take turns, for emulation is slow: a neighbour has other fields. Those of
  // mma.sync are many of one source.
  const auto turn = static_cast<std::size_t>(&gemm - gemms);
  const std::size_t turns = std::string(gemm.name).find("_mma_") != std::string::npos ? 4 : 2;
  for (std::size_t i = 0; i < std::size(sizes); ++i)
    for (std::size_t j = (i + turn) % turns; j < std::size(depths); j += turns) {
      checkGemm(gemm, sizes[i], sizes[(3 * i + j) % std::size(sizes)], depths[j], placements[shapes % 3],
                orders[shapes / 3 % 2]);
      ++shapes;
    }
  for (const Placement& place : placements)
    for (Order order : orders) {
      checkGemm(gemm, 65, 129, 257, place, order);
      ++shapes;
    }
  // More rows of tiles than one group of tile.h, and the last group short.
  checkGemm(gemm, 9 * gemm.tile.m + 1, gemm.tile.n + 1, 7, placements[0], Order::forward);
  ++shapes;
  std::printf("ok %-24s %zu shapes\n", gemm.name, shapes);
}

// Rows 2^27 elements apart: offsets pass 2^32 elements, which 32-bit arithmetic would fold onto the first
// rows.
void checkFar(const Gemm& gemm) {
  constexpr std::size_t m = 65, n = 9, k = 3, ld = std::size_t{1} << 27;
  const DType output = row(gemm.dtype).output;
  Expanse a(m * ld * row(gemm.dtype).bytes), b(n * ld * row(gemm.dtype).bytes), c(m * ld * row(output).bytes);
  for (std::size_t l = 0; l < k; ++l) {
    for (std::size_t i = 0; i < m; ++i)
      store(gemm.dtype, a.data, i * ld + l, static_cast<double>((i + l) % 3));
    for (std::size_t j = 0; j < n; ++j)
      store(gemm.dtype, b.data, j * ld + l, static_cast<double>((j + 2 * l) % 3));
  }
  launch(gemm, {a.data, b.data, c.data, m, n, k, ld, ld, ld}, Order::forward);
  for (std::size_t i = 0; i < m; ++i)
    for (std::size_t j = 0; j < n; ++j) {
      double sum = 0;
      for (std::size_t l = 0; l < k; ++l) sum += static_cast<double>((i + l) % 3 * ((j + 2 * l) % 3));
      demand(load(output, c.data, i * ld + j) == sum, std::string(gemm.name) + " with rows far apart");
    }
  std::printf("ok %-24s rows 2^27 elements apart\n", gemm.name);
}

// With sums of 13 bits, as some tensor cores keep them, 2^14 swallows what is added to it later. Promotion
// saves the later blocks of K; the fast kernel loses them.
void checkPromotion(const Gemm& gemm, bool promotes) {
  constexpr std::size_t k = 1024;
  Matrix a(gemm.dtype, 1, k, k, 0, 16), b(gemm.dtype, 1, k, k, 0, 16), c(DType::bf16, 1, 1, 1, 0, 16);
  for (std::size_t l = 0; l < k; ++l) {
    a.set(0, l, 0);
    b.set(0, l, l < k - 1 ? 1 : -1);
  }
  const auto product = [&](std::size_t l, double x, double y) {
    a.set(0, l, x);
    b.set(0, l, y);
  };
  product(0, 128, 128);
  for (std::size_t block = 1; block < 7; ++block) product(block * 128, 0.5, 1);
  product(k - 1, 128, -128);
  emulation::sumBits = 13;
  launch(gemm, {a.data(), b.data(), c.data(), 1, 1, k, k, k, 1}, Order::forward);
  emulation::sumBits = 23;
  demand(c.at(0, 0) == (promotes ? 3 : 0),
         std::string(gemm.name) + " promotes every 128 elements of K, or does not");
  std::printf("ok %-24s %s\n", gemm.name, promotes ? "promotes" : "does not promote");
}

// --- sparse GEMM ---

struct SparseGemm {
  const char* name;
  void (*kernel)(SparseGemmParameters);
  GemmTile tile;
  Inputs inputs;
};

const SparseGemm sparseGemms[] = {
#define NAMEPLATE_KERNEL(format, bytes, m, n, warpM, warpN, stages, blocks)                             \
  {"gemm_sparse_" #format "_" #m "x" #n "_" #warpM "x" #warpN,                                          \
   gemm_sparse_##format##_##m##x##n##_##warpM##x##warpN, sparseTile<m, n, warpM, warpN, stages, bytes>, \
   format},
    NAMEPLATE_SPARSE_KERNELS(NAMEPLATE_KERNEL)        //
    NAMEPLATE_SPARSE_LARGE_KERNELS(NAMEPLATE_KERNEL)  //
    NAMEPLATE_SPARSE_FP8_KERNELS(NAMEPLATE_KERNEL)
#undef NAMEPLATE_KERNEL
};

// A is packed by the code that packs it for a GPU; its product with B is that of what is kept.
void checkSparse(const SparseGemm& gemm, std::size_t m, std::size_t n, std::size_t steps, Order order) {
  const auto& [dtype, low, high] = gemm.inputs;
  const std::size_t bytes = row(dtype).bytes, k = steps * sparseStepOfK(static_cast<unsigned>(bytes));
  const DType output = row(dtype).output;
  const std::size_t ldb = k + 16 / bytes, ldc = n + (order == Order::forward ? 1 : 16);
  Matrix a(dtype, m, k, k, 0, 1), b(dtype, n, k, ldb, 0, 16), c(output, m, n, ldc, 0, 16),
      expected(output, m, n, ldc, 0, 16);
  a.randomize(m * 1000 + k, low, high);
  b.randomize(n * 1000 + k + 7, low, high);
  const Pruning pruning(dtype, m + n);
  for (std::size_t i = 0; i < m * k; ++i)
    if (!pruning.keeps(i)) a.set(i / k, i % k, 0);
  const SparseLayout layout{dtype, m, k};
  Fenced packed(layout.bytes(), 16);
  for (std::size_t block = 0; block < layout.blocksDown(); ++block)
    layout.pack(pruning, static_cast<const std::byte*>(a.data()), block, packed.data());
  multiply(a, b, expected);
  const auto tiles = (m + gemm.tile.m - 1) / gemm.tile.m * ((n + gemm.tile.n - 1) / gemm.tile.n);
  const SparseGemmParameters p{{packed.data(), b.data(), c.data(), m, n, k, layout.leading(), ldb, ldc},
                               packed.data() + layout.metadataAt()};
  emulation::launch(
      static_cast<unsigned>(tiles), {gemm.tile.threads, 1, 1}, order, [&] { gemm.kernel(p); },
      gemm.tile.sharedBytes);
  demand(
      std::memcmp(c.memory.data(), expected.memory.data(), c.memory.bytes()) == 0,
      std::string(gemm.name) + " " + std::to_string(m) + "x" + std::to_string(n) + "x" + std::to_string(k));
}

void checkSparseEdges(const SparseGemm& gemm) {
  const std::size_t sizes[] = {1, 15, 16, 17, 63, 64, 65, 127, 128, 129, 255, 257};
  std::size_t shapes = 0;
  for (std::size_t i = 0; i < std::size(sizes); ++i) {
    checkSparse(gemm, sizes[i], sizes[5 * i % std::size(sizes)], i % 7, orders[i % 2]);
    ++shapes;
  }
  std::printf("ok %-24s %zu shapes\n", gemm.name, shapes);
}

// --- streams ---

using StreamKernel = void (*)(StreamParameters);

struct StreamForms {
  const char* name;
  Stream stream;
  std::vector<StreamKernel> kernels;
};

#define NAMEPLATE_FORMS(name)                                                             \
  stream_##name##_16x1, stream_##name##_16x2, stream_##name##_16x4, stream_##name##_16x8, \
      stream_##name##_32x1, stream_##name##_32x2, stream_##name##_32x4
#define NAMEPLATE_LONG_FORMS(name) NAMEPLATE_FORMS(name), stream_##name##_16x16, stream_##name##_32x8

const StreamForms streamForms[] = {
    {"read", Stream::read, {NAMEPLATE_LONG_FORMS(read)}},
    {"write", Stream::write, {NAMEPLATE_LONG_FORMS(write)}},
    {"copy", Stream::copy, {NAMEPLATE_LONG_FORMS(copy)}},
    {"scale", Stream::scale, {NAMEPLATE_LONG_FORMS(scale)}},
    {"add", Stream::add, {NAMEPLATE_FORMS(add)}},
    {"triad", Stream::triad, {NAMEPLATE_FORMS(triad)}},
    {"dot", Stream::dot, {NAMEPLATE_FORMS(dot)}},
};

double streamElement(Stream stream, double a, double b) {
  switch (stream) {
    case Stream::write:
      return std::bit_cast<double>(streamWord * 0x100000001ull);
    case Stream::read:
    case Stream::copy:
      return a;
    case Stream::scale:
      return 2 * a;
    case Stream::add:
      return a + b;
    case Stream::triad:
      return a + 2 * b;
    case Stream::dot:
      return a * b;
  }
  return 0;
}

// Inputs and what is expected of them, for one size.
struct StreamCase {
  explicit StreamCase(std::size_t words) : words(words), a(words, 32), b(words, 32) {
    for (std::size_t i = 0; i < words; ++i) {
      a[i] = patternWord(1, i) & shortMantissa;
      b[i] = patternWord(2, i) & shortMantissa;
    }
  }
  double element(Stream stream, std::size_t i) const {
    return streamElement(stream, std::bit_cast<double>(a[i]), std::bit_cast<double>(b[i]));
  }
  std::size_t words;
  Array<unsigned long long> a, b;
};

// Launches `kernel` as `launch` does, and holds what it leaves against plain loops.
template <typename Launch>
void checkStream(const StreamCase& at, Stream stream, unsigned blocks, const std::string& where,
                 Launch launch) {
  const Array<unsigned long long> out(at.words, 32);
  std::vector<double> sums(blocks, -1);  // a block that writes no partial result is found
  std::vector<unsigned> folds(blocks, poisonWord);
  StreamParameters p{out.data(), at.a.data(), at.b.data(), at.words, streamWord};
  if (stream == Stream::dot) p.out = sums.data();
  if (stream == Stream::read) p.out = folds.data();
  launch(p);
  double sum = 0, expectedSum = 0;
  unsigned fold = 0, expectedFold = 0;
  for (std::size_t i = 0; i < at.words; ++i) {
    const double expected = at.element(stream, i);
    expectedSum += expected;
    expectedFold ^= static_cast<unsigned>(at.a[i] ^ (at.a[i] >> 32));
    if (stream != Stream::dot && stream != Stream::read)
      demand(out[i] == std::bit_cast<unsigned long long>(expected), where + ", word " + std::to_string(i));
  }
  for (const double partial : sums) sum += partial;
  for (const unsigned partial : folds) fold ^= partial;
  if (stream == Stream::dot) demand(sum == expectedSum, where);
  if (stream == Stream::read) demand(fold == expectedFold, where);
}

void checkStreams() {
  for (const std::size_t words : {0, 1, 2, 3, 5, 63, 64, 127, 2049, 8191, 20003}) {
    const StreamCase at(words);
    unsigned turn = 0;
    for (const StreamForms& forms : streamForms)
      for (std::size_t form = 0; form < forms.kernels.size(); ++form)
        for (const unsigned blocks : {1u, 3u}) {
          const unsigned threads = turn % 2 == 0 ? 256 : streamThreads;
          const Order order = orders[turn++ / 2 % 2];
          const std::string where = "form " + std::to_string(form) + " of stream_" + forms.name + " of " +
                                    std::to_string(words) + " words";
          checkStream(at, forms.stream, blocks, where, [&](const StreamParameters& p) {
            emulation::launch(blocks, {threads, 1, 1}, order, [&] { forms.kernels[form](p); });
          });
        }
  }
  std::printf("ok stream_read, _write, _copy, _scale, _add, _triad, _dot in all forms\n");
}

void checkBulkCopy() {
  constexpr std::size_t chunk = bulkChunkBytes / 8;
  for (const std::size_t words : {std::size_t{0}, std::size_t{1}, std::size_t{2}, chunk - 2, chunk, chunk + 1,
                                  5 * chunk, 13 * chunk + 6, 31 * chunk + 3}) {
    const StreamCase at(words);
    for (const unsigned blocks : {1u, 2u, 3u})
      for (const bulk::Engine engine : {bulk::Engine::prompt, bulk::Engine::late})
        checkStream(at, Stream::copy, blocks, "stream_copy_bulk of " + std::to_string(words) + " words",
                    [&](const StreamParameters& p) {
                      bulk::begin(engine, bulkSharedBytes);
                      emulation::launch(blocks, {bulkThreads, 1, 1}, orders[blocks % 2],
                                        [&] { stream_copy_bulk(p); });
                    });
  }
  std::printf("ok stream_copy_bulk\n");
}

void checkPattern() {
  for (const std::size_t words : {0, 1, 64, 8191, 50001})
    for (Order order : orders) {
      const Array<unsigned long long> out(words);
      const unsigned long long mask = words % 2 == 0 ? ~0ull : shortMantissa;
      emulation::launch(3, {bufferThreads, 1, 1}, order,
                        [&] { pattern_fill({out.data(), words, 99, mask}); });
      for (std::size_t i = 0; i < words; ++i) demand(out[i] == (patternWord(99, i) & mask), "pattern_fill");
    }
  std::printf("ok pattern_fill\n");
}

void checkCompare() {
  for (std::size_t words : {0, 1, 31, 64, 4095, 4096, 20001})
    for (Order order : orders)
      for (int differing : {0, 1, 2, 3}) {
        const Array<unsigned> x(words), y(words);
        for (std::size_t i = 0; i < words; ++i) x[i] = y[i] = poisonWord;  // NaNs, equal bit by bit
        unsigned long long expectedCount = 0, expectedFirst = ~0ull;
        const auto differ = [&](std::size_t i) {
          y[i] ^= 0x80000000u;
          ++expectedCount;
          if (i < expectedFirst) expectedFirst = i;
        };
        if (differing == 1 && words > 0) differ(words - 1);
        if (differing == 2 && words > 2) differ(words / 2), differ(words / 2 - 1);
        if (differing == 3)
          for (std::size_t i = words; i-- > 0;) differ(i);
        unsigned long long count = 0, first = ~0ull;
        emulation::launch(2, {bufferThreads, 1, 1}, order,
                          [&] { buffer_compare({x.data(), y.data(), words, &count, &first}); });
        demand(count == expectedCount && first == expectedFirst,
               "buffer_compare of " + std::to_string(words));
      }
  std::printf("ok buffer_compare\n");
}

void checkSweeps() {
  constexpr std::size_t batch = 4 * sweepThreads;
  for (std::size_t vectors :
       {std::size_t{1}, std::size_t{3}, std::size_t{sweepThreads - 1}, batch, batch + 5, 5 * batch + 77})
    for (unsigned blocks : {1u, 3u})
      for (std::size_t passes : {1u, 2u, 5u})
        for (Order order : orders) {
          const std::string where =
              " of " + std::to_string(vectors) + " vectors, " + std::to_string(blocks) + " blocks";
          const Array<std::uint64_t> a(blocks * vectors * 2, 16), out(vectors * 2, 16), sums(blocks);
          for (std::size_t i = 0; i < blocks * vectors * 2; ++i) a[i] = mix(3, i);
          emulation::launch(blocks, {sweepThreads, 1, 1}, order,
                            [&] { sweep_read_own({sums.data(), a.data(), vectors, passes}); });
          for (unsigned set = 0; set < blocks; ++set) {
            std::uint64_t expected = 0;
            for (std::size_t i = 0; i < vectors * 2; ++i) expected += a[set * vectors * 2 + i] * passes;
            demand(sums[set] == expected, "sweep_read_own" + where);
          }
          emulation::launch(blocks, {sweepThreads, 1, 1}, order,
                            [&] { sweep_read({sums.data(), a.data(), vectors, passes}); });
          std::uint64_t expected = 0, sum = 0;
          for (std::size_t i = 0; i < vectors * 2; ++i) expected += a[i] * passes;
          for (unsigned block = 0; block < blocks; ++block) sum += sums[block];
          demand(sum == expected, "sweep_read" + where);
          emulation::launch(blocks, {sweepThreads, 1, 1}, order,
                            [&] { sweep_copy({out.data(), a.data(), vectors, passes}); });
          for (std::size_t i = 0; i < vectors * 2; ++i) demand(out[i] == a[i], "sweep_copy" + where);
        }
  std::printf("ok sweep_read_own, sweep_read, sweep_copy\n");
}

// A cycle of seven nodes, a line apart, in an order that is not their own.
void checkChase() {
  constexpr std::size_t nodes = 7, words = 16;
  const Array<std::uint64_t> cycle(nodes * words), state(2), count(1);
  const auto address = [&](std::size_t step) {
    return reinterpret_cast<std::uint64_t>(&cycle[step % nodes * 3 % nodes * words]);
  };
  for (std::size_t step = 0; step < nodes; ++step)
    *reinterpret_cast<std::uint64_t*>(address(step)) = address(step + 1);
  state[0] = address(0);
  state[1] = 0;
  std::size_t taken = 0;
  for (std::size_t steps : {1u, 7u, 8u, 21u, 1000u}) {
    taken += steps;
    emulation::launch(1, {chaseThreads, 1, 1}, Order::backward,
                      [&] { chase({state.data(), cycle.data(), steps}); });
    demand(state[0] == address(taken) && state[1] == taken, "chase of " + std::to_string(steps) + " steps");
  }
  count[0] = 41;
  emulation::launch(1, {chaseThreads, 1, 1}, Order::backward,
                    [&] { tick({reinterpret_cast<unsigned long long*>(count.data())}); });
  demand(count[0] == 42, "tick");
  std::printf("ok chase, tick\n");
}

// `value` as a number of so many bits in two's complement.
long long wrapped(long long value, unsigned bits) {
  const long long half = 1ll << (bits - 1);
  return ((value + half) & (2 * half - 1)) - half;
}

// What a step makes of an element of a ring, by backend.h, in whole numbers that overflow nowhere.
using Step = long long (*)(long long x, long long addend, long long next, long long beyond, unsigned bits);

long long addMax(long long x, long long addend, long long next, long long, unsigned bits) {
  return std::max(wrapped(x + addend, bits), next);
}
long long addMaxRelu(long long x, long long addend, long long next, long long beyond, unsigned bits) {
  return std::max(addMax(x, addend, next, beyond, bits), 0ll);
}
long long greatest(long long x, long long, long long next, long long beyond, unsigned) {
  return std::max({x, next, beyond});
}
long long least(long long x, long long, long long next, long long beyond, unsigned) {
  return std::min({x, next, beyond});
}

struct Dpx {
  const char* name;
  void (*kernel)(DpxParameters);
  unsigned bits;  // of an element
  Step even, odd;
};

const Dpx dpxRows[] = {
    {"dpx_viaddmax_s32", dpx_viaddmax_s32, 32, addMax, addMax},
    {"dpx_viaddmax_s16x2", dpx_viaddmax_s16x2, 16, addMax, addMax},
    {"dpx_viaddmax_s16x2_relu", dpx_viaddmax_s16x2_relu, 16, addMaxRelu, addMaxRelu},
    {"dpx_vimax3_s32", dpx_vimax3_s32, 32, greatest, least},
};

// The ring that a thread leaves, from its words in `in`.
std::vector<std::uint32_t> ringOf(const Dpx& row, const Array<std::uint32_t>& in, std::size_t thread,
                                  unsigned rounds) {
  std::vector<std::uint32_t> left(dpxChains);
  for (unsigned at = 0; at < 32; at += row.bits) {
    const auto element = [&](std::size_t word) {
      return wrapped(in[word * dpxThreads + thread] >> at, row.bits);
    };
    std::vector<long long> x(dpxChains);
    for (std::size_t i = 0; i < dpxChains; ++i) x[i] = element(i);
    for (unsigned step = 0; step < rounds * dpxStepsPerRound; ++step) {
      const std::vector<long long> before = x;
      for (std::size_t i = 0; i < dpxChains; ++i)
        x[i] = (step % 2 == 0 ? row.even : row.odd)(before[i], element(dpxChains + step % 2),
                                                    before[(i + 1) % dpxChains], before[(i + 2) % dpxChains],
                                                    row.bits);
    }
    for (std::size_t i = 0; i < dpxChains; ++i)
      left[i] |= static_cast<std::uint32_t>(x[i] & ((1ll << row.bits) - 1)) << at;
  }
  return left;
}

// Words of any bits: sums wrap around from the first steps on.
void checkDpx() {
  constexpr std::size_t blocks = 2;
  for (const Dpx& row : dpxRows)
    for (unsigned rounds : {0u, 1u, 5u})
      for (Order order : orders) {
        const Array<std::uint32_t> in((dpxChains + 2) * dpxThreads), out(blocks * dpxChains * dpxThreads);
        for (std::size_t i = 0; i < (dpxChains + 2) * dpxThreads; ++i)
          in[i] = static_cast<std::uint32_t>(mix(9, i));
        emulation::launch(blocks, {dpxThreads, 1, 1}, order, [&] { row.kernel({&out[0], &in[0], rounds}); });
        for (std::size_t thread = 0; thread < dpxThreads; ++thread) {
          const std::vector<std::uint32_t> expected = ringOf(row, in, thread, rounds);
          for (std::size_t i = 0; i < blocks * dpxChains; ++i)
            demand(out[i * dpxThreads + thread] == expected[i % dpxChains],
                   std::string(row.name) + " of " + std::to_string(rounds) + " rounds");
        }
      }
  std::printf("ok dpx_viaddmax_s32, dpx_viaddmax_s16x2, dpx_viaddmax_s16x2_relu, dpx_vimax3_s32\n");
}

void checkLink() {
  constexpr std::size_t batch = 4 * linkThreads;
  for (std::size_t vectors : {std::size_t{1}, std::size_t{linkThreads + 1}, batch, 3 * batch + 9})
    for (unsigned blocks : {1u, 2u, 5u})
      for (bool both : {false, true})
        for (Order order : orders) {
          if (both && blocks < 2) continue;
          const std::size_t words = vectors * 2;
          const Array<std::uint64_t> there(words, 16), back(words, 16), out(words, 16), backOut(words, 16);
          for (std::size_t i = 0; i < words; ++i) {
            there[i] = mix(7, i);
            back[i] = mix(8, i);
          }
          const std::uint64_t untouched = backOut[0];
          emulation::launch(blocks, {linkThreads, 1, 1}, order, [&] {
            link_copy({out.data(), there.data(), both ? backOut.data() : nullptr, back.data(), vectors});
          });
          for (std::size_t i = 0; i < words; ++i)
            demand(out[i] == there[i] && backOut[i] == (both ? back[i] : untouched),
                   "link_copy of " + std::to_string(vectors) + " vectors");
        }
  std::printf("ok link_copy\n");
}

template <typename Element>
void checkTranspose(void (*kernel)(TransposeParameters)) {
  for (std::size_t rows : {1, 7, 31, 32, 33, 65, 129})
    for (std::size_t columns : {1, 8, 32, 33, 64, 130})
      for (Order order : orders) {
        const Array<Element> a(rows * columns), out(rows * columns);
        for (std::size_t i = 0; i < rows * columns; ++i) a[i] = static_cast<Element>(mix(5, i));
        const std::size_t tiles =
            (rows + transposeTile - 1) / transposeTile * ((columns + transposeTile - 1) / transposeTile);
        emulation::launch(static_cast<unsigned>(tiles), {transposeTile, 8, 1}, order,
                          [&] { kernel({out.data(), a.data(), rows, columns}); });
        for (std::size_t i = 0; i < rows; ++i)
          for (std::size_t j = 0; j < columns; ++j)
            demand(out[j * rows + i] == a[i * columns + j], "transpose_" + std::to_string(sizeof(Element)));
      }
  std::printf("ok transpose_%zu\n", sizeof(Element));
}

}  // namespace
}  // namespace nameplate

int main(int count, char** given) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  using namespace nameplate;
  const std::string part = count > 1 ? given[1] : "";
  const auto named = [&part](const auto& gemm) {
    return std::string(gemm.name).find(part) != std::string::npos;
  };
  try {
    for (const Gemm& gemm : gemms)
      if (named(gemm)) {
        checkEdges(gemm);
        checkFar(gemm);
      }
    for (const Gemm& gemm : gemms)
      if (named(gemm) && std::string(gemm.name).find("fp8") != std::string::npos)
        checkPromotion(gemm, std::string(gemm.name).find("_fast") == std::string::npos);
    for (const SparseGemm& gemm : sparseGemms)
      if (named(gemm)) checkSparseEdges(gemm);
    if (!part.empty()) return 0;
    checkStreams();
    checkBulkCopy();
    checkPattern();
    checkCompare();
    checkSweeps();
    checkChase();
    checkDpx();
    checkLink();
    checkTranspose<std::uint8_t>(transpose_1);
    checkTranspose<std::uint16_t>(transpose_2);
    checkTranspose<std::uint32_t>(transpose_4);
    checkTranspose<std::uint64_t>(transpose_8);
  } catch (const std::exception& error) {
    fail(error.what());
  }
}
