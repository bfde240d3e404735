#include "cpu/onednn.h"

#include <dlfcn.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "cpu/gemm.h"
#include "cpu/tile.h"

namespace nameplate::cpu {
namespace {

constexpr std::array places{
    "libdnnl.so.3",
    "libdnnl.so.2",
    "libdnnl.so",
    "/usr/local/lib/libdnnl.so",
};

// The beginning of dnnl_version_t.
struct Version {
  int major, minor, patch;
};

template <class Function>
bool resolve(void* library, const char* symbol, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, symbol));
  return function != nullptr;
}

}  // namespace

struct OneDnn::Search {
  std::optional<OneDnn> found;
  std::string reason = "libdnnl.so.3 is not on the loader's path, nor is libdnnl.so.2";
};

const OneDnn::Search& OneDnn::search() {
  static const Search once = [] {
    Search search;
    for (const char* place : places) {
      void* const library = dlopen(place, RTLD_NOW | RTLD_LOCAL);
      if (!library) {
        // A library that is there and cannot be loaded is another matter than one that is not.
        if (const std::string why = dlerror(); why.find("No such file") == why.npos) search.reason = why;
        continue;
      }
      OneDnn dnn;
      const Version* (*version)() = nullptr;
      if (!resolve(library, "dnnl_sgemm", dnn.sgemm_) ||
          !resolve(library, "dnnl_gemm_s8s8s32", dnn.int8Gemm_) ||
          !resolve(library, "dnnl_version", version)) {
        search.reason = std::string(place) + " lacks the functions of oneDNN";
        continue;
      }
      // Found where the library depends on an OpenMP runtime: the search goes through its dependencies.
      if (!resolve(library, "omp_set_num_threads", dnn.setThreads_)) {
        search.reason = std::string(place) + " was built without OpenMP, and its threads cannot be set";
        continue;
      }
      Dl_info where{};
      dladdr(reinterpret_cast<void*>(dnn.sgemm_), &where);
      const auto [major, minor, patch] = *version();
      dnn.library_ = {"oneDNN", where.dli_fname ? where.dli_fname : place,
                      std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch)};
      search.found = dnn;
      break;
    }
    return search;
  }();
  return once;
}

const OneDnn* OneDnn::find() {
  return search().found ? &*search().found : nullptr;
}

Absence OneDnn::absence() {
  return {"oneDNN", search().reason, "on Debian or Ubuntu: apt-get install libdnnl2, or libdnnl3"};
}

int OneDnn::launch(const GemmShape& shape, const Operands& operands) const {
  const auto length = [](std::size_t value) { return static_cast<std::int64_t>(value); };
  // It refuses a leading dimension of 0 even for an empty matrix.
  const auto leading = [&](std::size_t value) { return std::max<std::int64_t>(1, length(value)); };
  const std::int64_t m = length(shape.m), n = length(shape.n), k = length(shape.k);
  const std::int64_t lda = leading(shape.lda), ldb = leading(shape.ldb), ldc = leading(shape.ldc);
  if (shape.dtype == DType::fp32)
    return sgemm_('N', 'T', m, n, k, 1, reinterpret_cast<const float*>(operands.a), lda,
                  reinterpret_cast<const float*>(operands.b), ldb, 0, reinterpret_cast<float*>(operands.out),
                  ldc);
  constexpr std::int32_t none = 0;
  return int8Gemm_('N', 'T', 'F', m, n, k, 1, reinterpret_cast<const std::int8_t*>(operands.a), lda, 0,
                   reinterpret_cast<const std::int8_t*>(operands.b), ldb, 0, 0,
                   reinterpret_cast<std::int32_t*>(operands.out), ldc, &none);
}

Kernel OneDnn::gemm(const GemmShape& shape, std::size_t threads) const {
  checkShape(shape);
  const bool single = shape.dtype == DType::fp32;
  if (!single && shape.dtype != DType::int8)
    throw Unsupported("of oneDNN's products fp32 and int8 are called, not " +
                      std::string(row(shape.dtype).name));
  if (shape.accumulator != Accumulator::full) throw Unsupported("oneDNN has no choice of accumulator");
#ifdef __x86_64__
  // https://oneapi-src.github.io/oneDNN/dev_guide_int8_computations.html; a quarter of all sums of 512 random
  // products were wrong with 2.6 on Zen 3.
  const Instructions here = instructions();
  if (!single && !here.avx512Vnni && !here.avxVnni)
    throw Unsupported(
        "without the processor's VNNI oneDNN adds pairs of int8 products in 16 bits, where they saturate");
#endif
  Kernel kernel;
  kernel.name = std::string(single ? "dnnl_sgemm" : "dnnl_gemm_s8s8s32") + ", oneDNN " + library_.version +
                ", " + std::to_string(threads) + (threads == 1 ? " thread" : " threads");
  kernel.resource = single ? "vector.fp32" : "vector.int8";
  kernel.launch = [this, shape, threads](const Operands& operands) {
    setThreads_(static_cast<int>(threads));  // OpenMP keeps it per calling thread
    if (const int status = launch(shape, operands))
      throw Error("EIO", "oneDNN's product failed with status " + std::to_string(status));
  };
  return kernel;
}

}  // namespace nameplate::cpu
