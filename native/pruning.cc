#include "pruning.h"

#include <array>
#include <bit>
#include <cstring>

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

std::size_t SparseLayout::bytes() const {
  return metadataAt() +
         blocksDown() * (k / sparseBlockOfK(static_cast<unsigned>(row(dtype).bytes))) * blockBytes;
}

void SparseLayout::pack(const Pruning& pruning, const std::byte* dense, std::size_t block,
                        std::byte* packed) const {
  const std::size_t size = row(dtype).bytes, first = block * sparseRows;
  for (std::size_t r = first; r < std::min(rows, first + sparseRows); ++r) {
    std::byte* to = packed + r * leading() * size;
    for (std::size_t i = r * k; i < (r + 1) * k; ++i)
      if (pruning.keeps(i)) {
        std::memcpy(to, dense + i * size, size);
        to += size;
      }
  }
  // The codes of `count` groups from column `column` on; of rows that are not there, the same as of any.
  const auto codes = [&](std::size_t r, std::size_t column, unsigned count) {
    std::uint32_t word = 0;
    for (unsigned i = 0; i < count; ++i)
      word |= codeOf(pruning, (std::min(r, rows - 1) * k + column) / pruning.group() + i) << 4 * i;
    return word;
  };
  const std::size_t blockOfK = sparseBlockOfK(static_cast<unsigned>(size)), across = k / blockOfK;
  for (std::size_t b = 0; b < across; ++b) {
    std::array<std::uint32_t, sparseWords> words;
    for (std::size_t lane = 0; lane < words.size(); ++lane) {
      const std::size_t r = first + lane / 4, member = lane % 4, at = b * blockOfK;
      // Of 8 bits a lane has half of the columns of one row; of the others a quarter of those of two rows,
      // the first instruction's before the second's.
      words[lane] = size == 1 ? codes(r + member % 2 * 8, at + member / 2 * (blockOfK / 2), 8)
                              : codes(r, at + member * (blockOfK / 4), 4) |
                                    codes(r + 8, at + member * (blockOfK / 4), 4) << 16;
    }
    std::memcpy(packed + metadataAt() + (block * across + b) * blockBytes, words.data(), blockBytes);
  }
}

}  // namespace nameplate
