// STREAM's four loops as its users write and compile them: -O3 -march=native, and the rest is the compiler's
// choice. GCC makes a call of memcpy of the first.
#include <cstddef>

extern "C" {

void loop_copy(double* __restrict out, const double* __restrict a, const double* __restrict, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) out[i] = a[i];
}

void loop_scale(double* __restrict out, const double* __restrict a, const double* __restrict, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) out[i] = 2 * a[i];
}

void loop_add(double* __restrict out, const double* __restrict a, const double* __restrict b, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) out[i] = a[i] + b[i];
}

void loop_triad(double* __restrict out, const double* __restrict a, const double* __restrict b,
                std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) out[i] = a[i] + 2 * b[i];
}
}
