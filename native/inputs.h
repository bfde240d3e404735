// GEMM inputs: seeded, in the format itself, so that "the quantised inputs" are simply the inputs.
//
// Formats of at most 16 bits draw from a table of 65536 encoded values of the distribution: encoding each
// element by itself would take longer than the measurement.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "cpu/threads.h"
#include "dtype.h"
#include "pruning.h"
#include "workload.h"

namespace nameplate {

// `rows` x `columns` elements with leading dimension `leading`; the padding holds poisonWord, so that a
// kernel which reads past a row's end computes with NaN. tf32 values are rounded to tf32: rounding and
// truncating hardware then agree.
std::vector<std::byte> randomMatrix(cpu::Threads&, DType, Data, std::uint64_t seed, std::size_t rows,
                                    std::size_t columns, std::size_t leading);

// Makes zero what is not kept of a matrix with rows of `columns` elements.
void prune(cpu::Threads&, DType, const Pruning&, std::size_t rows, std::size_t columns,
           std::vector<std::byte>& matrix);

// -1, 0 or 1, the nonzeros thin enough that a dot product of length k stays below 256 (11 standard
// deviations): then every accumulator and every output format, bf16 included, holds it exactly, and a result
// is right or wrong to the bit. What `pruning` does not keep is 0.
class Ternary {
 public:
  Ternary(std::uint64_t seed, std::size_t k, std::optional<Pruning> pruning = {});
  int at(std::size_t index) const;
  std::vector<std::byte> matrix(cpu::Threads&, DType, std::size_t rows, std::size_t columns,
                                std::size_t leading) const;

 private:
  std::uint64_t seed_;
  std::uint32_t threshold_;  // of 2^16: below it -1, below twice it +1
  std::optional<Pruning> pruning_;
};

}  // namespace nameplate
