// 2:4 structured sparsity: which elements of A are kept, and A as the sparse kernels take it.
//
// Of every four neighbours in a row two are kept (in tf32, of every two one), drawn at random, so that every
// arrangement occurs. What is kept goes first, row after row, then the metadata of kernels/sparse.h.
#pragma once

#include <cstddef>
#include <cstdint>

#include "dtype.h"

namespace nameplate {

// The arrangement of one matrix with rows of `k` elements, a multiple of the group's.
class Pruning {
 public:
  Pruning(DType dtype, std::uint64_t seed) : seed_(seed), group_(dtype == DType::tf32 ? 2 : 4) {}
  // `index` counts elements row after row, without padding.
  bool keeps(std::size_t index) const { return kept(index / group_) >> index % group_ & 1; }
  // Bit i: whether element i of the group is kept.
  unsigned kept(std::size_t group) const;
  std::size_t group() const { return group_; }

 private:
  std::uint64_t seed_;
  std::size_t group_;
};

// Where the parts of a compressed matrix lie, in bytes from its start. K is a multiple of sparseStepOfK.
struct SparseLayout {
  DType dtype;
  std::size_t rows, k;

  std::size_t leading() const { return k / 2; }  // elements from one row to the next
  std::size_t metadataAt() const { return rows * leading() * row(dtype).bytes; }
  std::size_t blocksDown() const;
  std::size_t bytes() const;

  // Writes the 16 rows of block `block` and their metadata. `dense` has rows of k elements.
  void pack(const Pruning&, const std::byte* dense, std::size_t block, std::byte* packed) const;
  // The other way round: what was kept of these rows goes to its place in `dense`, which is 0 elsewhere.
  void unpack(const std::byte* packed, std::size_t block, std::byte* dense) const;

 private:
  // Where the four bits of a group begin that holds column `column` of row `row`.
  struct Code {
    std::size_t word;  // of the metadata
    unsigned shift;
  };
  Code codeAt(std::size_t row, std::size_t column) const;
  std::size_t blockOfK() const;
};

}  // namespace nameplate
