#include "pruning.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <span>
#include <vector>

#include "kernels/sparse.h"
#include "random.h"

namespace nameplate {
namespace {

constexpr std::size_t blockBytes = sparseWords * sizeof(std::uint32_t);

// Two bits for the place of each kept element in its group of four, the first one's below; in tf32, whose
// groups the instruction takes for four halves, those of the kept one's two (PTX ISA, "Sparse matrix
// storage").
unsigned codeOf(const Pruning& pruning, std::size_t group) {
  const unsigned kept = pruning.kept(group);
  if (pruning.group() == 2) return kept == 1 ? 0b0100 : 0b1110;
  const auto first = static_cast<unsigned>(std::countr_zero(kept));
  return first | static_cast<unsigned>(std::countr_zero(kept & (kept - 1))) << 2;
}

}  // namespace

unsigned Pruning::kept(std::size_t group) const {
  const std::uint64_t draw = mix(seed_, group);
  if (group_ == 2) return 1u << draw % 2;
  constexpr std::array<unsigned, 6> pairs{0b0011, 0b0101, 0b0110, 0b1001, 0b1010, 0b1100};
  return pairs[draw % pairs.size()];
}

std::size_t SparseLayout::blocksDown() const {
  return (rows + sparseRows - 1) / sparseRows;
}

std::size_t SparseLayout::blockOfK() const {
  return sparseBlockOfK(static_cast<unsigned>(row(dtype).bytes));
}

std::size_t SparseLayout::bytes() const {
  return metadataAt() + blocksDown() * (k / blockOfK()) * blockBytes;
}

// Of 8 bits a lane has half of a block's columns of one row; of the others a quarter of those of two rows,
// the first instruction's before the second's.
SparseLayout::Code SparseLayout::codeAt(std::size_t r, std::size_t column) const {
  const std::size_t block = r / sparseRows * (k / blockOfK()) + column / blockOfK();
  const std::size_t below = r % sparseRows / 8, at = column % blockOfK(), group = Pruning(dtype, 0).group();
  const bool eightBits = row(dtype).bytes == 1;
  const std::size_t columns = blockOfK() / (eightBits ? 2 : 4);
  const std::size_t member = at / columns, code = at % columns / group;
  const std::size_t lane = r % 8 * 4 + (eightBits ? 2 * member + below : member);
  return {block * sparseWords + lane, static_cast<unsigned>(4 * (eightBits ? code : 4 * below + code))};
}

void SparseLayout::pack(const Pruning& pruning, const std::byte* dense, std::size_t block,
                        std::byte* packed) const {
  const std::size_t size = row(dtype).bytes, first = block * sparseRows, group = pruning.group();
  std::vector<std::uint32_t> words(k / blockOfK() * sparseWords);
  for (std::size_t r = first; r < first + sparseRows; ++r) {
    const std::size_t known = std::min(r, rows - 1);  // of rows that are not there, the codes of the last
    std::byte* to = packed + known * leading() * size;
    for (std::size_t column = 0; column < k; column += group) {
      const std::size_t i = known * k + column;
      const Code at = codeAt(r, column);
      words[at.word - block * words.size()] |= codeOf(pruning, i / group) << at.shift;
      for (std::size_t member = i; r < rows && member < i + group; ++member)
        if (pruning.keeps(member)) {
          std::memcpy(to, dense + member * size, size);
          to += size;
        }
    }
  }
  const auto bytes = std::as_bytes(std::span(words));  // none where K is 0
  std::ranges::copy(bytes, packed + metadataAt() + block * bytes.size());
}

void SparseLayout::unpack(const std::byte* packed, std::size_t block, std::byte* dense) const {
  const std::size_t size = row(dtype).bytes, group = Pruning(dtype, 0).group(), first = block * sparseRows;
  for (std::size_t r = first; r < std::min(rows, first + sparseRows); ++r) {
    const std::byte* from = packed + r * leading() * size;
    for (std::size_t column = 0; column < k; column += group) {
      const Code at = codeAt(r, column);
      std::uint32_t word;
      std::memcpy(&word, packed + metadataAt() + at.word * sizeof word, sizeof word);
      const unsigned code = word >> at.shift & 0b1111;
      for (std::size_t i = 0; i < group / 2; ++i, from += size) {
        const std::size_t place = group == 2 ? code >> 3 : code >> 2 * i & 0b11;
        std::memcpy(dense + (r * k + column + place) * size, from, size);
      }
    }
  }
}

}  // namespace nameplate
