#include "cpu/openblas.h"

#include <dlfcn.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <fstream>
#include <optional>
#include <sstream>
#include <thread>

#include "cpu/gemm.h"

namespace nameplate::cpu {
namespace {

// cblas.h, which is not needed to build.
constexpr int rowMajor = 101, noTranspose = 111, transpose = 112;

// Names for the loader's path first, then where OpenBLAS's own `make install` and distributions put it
// without telling the loader.
constexpr std::array places{
    "libopenblas.so.0",
    "libopenblas.so",
    "/opt/OpenBLAS/lib/libopenblas.so.0",
    "/usr/local/lib/libopenblas.so.0",
    "/usr/lib64/libopenblas.so.0",
    "/usr/lib64/libopenblasp.so.0",
#ifdef __x86_64__
    "/usr/lib/x86_64-linux-gnu/openblas-pthread/libopenblas.so.0",
#elif defined(__aarch64__)
    "/usr/lib/aarch64-linux-gnu/openblas-pthread/libopenblas.so.0",
#endif
};

// Of each of its threads, one per CPU from the moment it is loaded, and of the caller: a buffer of up to 64
// MiB, a stack, and the reservation of glibc's heap.
constexpr std::size_t mebibyte = std::size_t{1} << 20;
constexpr std::size_t threadBytes = 200 * mebibyte;

// Where a limit on the address space has no room for that, why OpenBLAS cannot be used; empty otherwise. It
// asks for a buffer until it gets one, and would ask for ever.
std::string noRoom(std::size_t threads) {
  rlimit limit{};
  if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return "";
  std::size_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  const std::size_t used = pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  const std::size_t room = limit.rlim_cur > used ? limit.rlim_cur - used : 0, needed = threads * threadBytes;
  if (room >= needed) return "";
  return "it may need " + std::to_string(needed / mebibyte) +
         " MiB of address space, and the limit (ulimit -v) leaves " + std::to_string(room / mebibyte) +
         " MiB";
}

template <class Function>
bool resolve(void* library, const char* symbol, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, symbol));
  return function != nullptr;
}

}  // namespace

struct OpenBlas::Search {
  std::optional<OpenBlas> found;
  std::string reason = "libopenblas.so.0 is not on the loader's path";
  std::string remedy = "on Debian or Ubuntu: apt-get install libopenblas0-pthread";
};

const OpenBlas::Search& OpenBlas::search() {
  static const Search once = [] {
    Search search;
    if (const std::string why = noRoom(std::max(1u, std::thread::hardware_concurrency()) + 1); !why.empty()) {
      search.reason = why;
      search.remedy = "raise the limit, or lift it: ulimit -v unlimited";
      return search;
    }
    for (const char* place : places) {
      void* const library = dlopen(place, RTLD_NOW | RTLD_LOCAL);
      if (!library) {
        // A library that is there and cannot be loaded is another matter than one that is not.
        if (const std::string why = dlerror(); why.find("No such file") == why.npos) search.reason = why;
        continue;
      }
      OpenBlas blas;
      const char* (*config)() = nullptr;
      const char* (*core)() = nullptr;
      if (!resolve(library, "cblas_sgemm", blas.sgemm_) || !resolve(library, "cblas_dgemm", blas.dgemm_) ||
          !resolve(library, "openblas_get_config", config) ||
          !resolve(library, "openblas_get_corename", core) ||
          !resolve(library, "openblas_set_num_threads", blas.setThreads_) ||
          !resolve(library, "openblas_get_num_threads", blas.getThreads_)) {
        search.reason = std::string(place) + " lacks the functions of OpenBLAS";
        continue;
      }
      const std::string built = config();  // "OpenBLAS 0.3.21 DYNAMIC_ARCH …"
      if (built.find("USE64BITINT") != std::string::npos) {
        search.reason = std::string(place) + " takes 64-bit integers, and we pass 32-bit ones";
        continue;
      }
      Dl_info where{};
      dladdr(reinterpret_cast<void*>(blas.sgemm_), &where);
      std::istringstream words(built);
      std::string name, version;
      words >> name >> version;
      blas.library_ = {"OpenBLAS", where.dli_fname ? where.dli_fname : place, version};
      blas.core_ = core();
      search.found = blas;
      break;
    }
    return search;
  }();
  return once;
}

const OpenBlas* OpenBlas::find() {
  return search().found ? &*search().found : nullptr;
}

Absence OpenBlas::absence() {
  return {"OpenBLAS", search().reason, search().remedy};
}

template <class T>
void OpenBlas::launch(Cblas<T> gemm, const GemmShape& shape, const Operands& operands) {
  const auto length = [](std::size_t value) { return static_cast<int>(value); };
  // It refuses a leading dimension of 0 even for an empty matrix.
  const auto leading = [](std::size_t value) { return static_cast<int>(std::max<std::size_t>(1, value)); };
  gemm(rowMajor, noTranspose, transpose, length(shape.m), length(shape.n), length(shape.k), 1,
       reinterpret_cast<const T*>(operands.a), leading(shape.lda), reinterpret_cast<const T*>(operands.b),
       leading(shape.ldb), 0, reinterpret_cast<T*>(operands.out), leading(shape.ldc));
}

Kernel OpenBlas::gemm(const GemmShape& shape, std::size_t threads) const {
  checkShape(shape);
  const bool single = shape.dtype == DType::fp32;
  if (!single && shape.dtype != DType::fp64)
    throw Unsupported("OpenBLAS multiplies fp32 and fp64, not " + std::string(row(shape.dtype).name));
  if (shape.accumulator != Accumulator::full) throw Unsupported("OpenBLAS has no choice of accumulator");
  if (std::max({shape.m, shape.n, shape.k, shape.lda, shape.ldb, shape.ldc}) > INT_MAX)
    throw Unsupported("OpenBLAS takes dimensions up to " + std::to_string(INT_MAX));
  // Its own threads have their buffers; the caller's comes with the first product.
  if (const std::string why = noRoom(1); !why.empty()) throw Unsupported("OpenBLAS is not called: " + why);
  setThreads_(static_cast<int>(threads));
  const int used = getThreads_();
  Kernel kernel;
  kernel.name = std::string(single ? "cblas_sgemm" : "cblas_dgemm") + ", OpenBLAS " + library_.version +
                " for " + core_ + ", " + std::to_string(used) + (used == 1 ? " thread" : " threads");
  kernel.resource = single ? "vector.fp32" : "vector.fp64";
  kernel.launch = [this, shape, single](const Operands& operands) {
    if (single)
      launch(sgemm_, shape, operands);
    else
      launch(dgemm_, shape, operands);
  };
  return kernel;
}

}  // namespace nameplate::cpu
