#include <algorithm>
#include <cstddef>
#include <cstring>
#include <vector>

#include "gemm.h"
#include "kernels/sparse.h"

namespace nameplate::simulated {
namespace {

// As the PTX ISA has "Sparse matrix storage" for the instructions that kernels/sparse.h names: which element
// of its group the kept one `index` of a row is. Written from the tables, not from the code that packs.
class Metadata {
 public:
  Metadata(DType dtype, unsigned long long k, const std::byte* words)
      : words_(words),
        eightBits_(row(dtype).bytes == 1),
        pairs_(dtype == DType::tf32),
        blockOfK_(sparseBlockOfK(static_cast<unsigned>(row(dtype).bytes))),
        across_(k / blockOfK_) {}

  std::size_t place(std::size_t r, std::size_t index) const {
    const std::size_t group = pairs_ ? 2 : 4, k = pairs_ ? 2 * index : index / 2 * 4;
    const std::size_t inBlock = k % blockOfK_, of16 = r % 16;
    std::size_t lane = of16 % 8 * 4, shift;
    if (eightBits_) {
      lane += of16 / 8 + inBlock / 32 * 2;
      shift = inBlock % 32;
    } else {
      const std::size_t quarter = blockOfK_ / 4;
      lane += inBlock / quarter;
      shift = of16 / 8 * 16 + inBlock % quarter / group * 4;
    }
    std::uint32_t word;
    std::memcpy(&word, words_ + ((r / 16 * across_ + k / blockOfK_) * sparseWords + lane) * 4, 4);
    const unsigned code = word >> shift & 15;
    return k + (pairs_ ? code == 0b1110 : code >> index % 2 * 2 & 3);
  }

 private:
  const std::byte* words_;
  bool eightBits_, pairs_;
  std::size_t blockOfK_, across_;
};

// A GEMM whose A is made whole again first. `placesAt(r, i, words)` is the column of the kept element `i` of
// row `r`, by what lies in `places`.
template <typename PlacesAt>
Work expanding(const Card& card, const Gemm& gemm, const Span& places, PlacesAt placesAt) {
  const std::size_t size = row(gemm.dtype).bytes;
  Gemm dense = gemm;
  dense.at.lda = gemm.at.k;
  Work work = gemmWork(card, dense);
  work.what += "sparse" + bytesOf(places.address);
  work.reads[0].bytes = gemm.at.m * gemm.at.lda * size;
  work.reads.push_back(places);
  work.compute = [dense, lda = gemm.at.lda, size, placesAt](const auto& reads, const auto& writes) {
    std::vector<std::byte> a(dense.at.m * dense.at.k * size);
    for (std::size_t r = 0; r < dense.at.m; ++r)
      for (std::size_t i = 0; i < dense.at.k / 2; ++i)
        std::memcpy(a.data() + (r * dense.at.k + placesAt(r, i, reads[2])) * size,
                    reads[0] + (r * lda + i) * size, size);
    multiply(dense, a.data(), reads[1], writes[0]);
  };
  return work;
}

std::size_t groupOf(DType dtype) {
  return dtype == DType::tf32 ? 2 : 4;
}

Span span(const void* at, std::size_t bytes) {
  return {reinterpret_cast<CUdeviceptr>(at), bytes};
}

}  // namespace

Work sparseGemmWork(const Card& card, const Gemm& gemm, const void* metadata) {
  const GemmParameters& p = gemm.at;
  const std::size_t blockOfK = sparseBlockOfK(static_cast<unsigned>(row(gemm.dtype).bytes));
  const std::size_t words = (p.m + 15) / 16 * (p.k / blockOfK) * sparseWords;
  return expanding(card, gemm, span(metadata, words * 4),
                   [dtype = gemm.dtype, k = p.k](std::size_t r, std::size_t i, const std::byte* held) {
                     return Metadata(dtype, k, held).place(r, i);
                   });
}

Work prunedGemmWork(const Card& card, const Gemm& gemm, const void* places) {
  const std::size_t half = groupOf(gemm.dtype) / 2, perRow = gemm.at.k / 2;
  return expanding(card, gemm, span(places, gemm.at.m * perRow),
                   [half, perRow](std::size_t r, std::size_t i, const std::byte* held) {
                     return i / half * 2 * half + std::to_integer<std::size_t>(held[r * perRow + i]);
                   });
}

Work compressWork(const Card& card, const Pruned& pruned, const void* dense, void* compressed) {
  const std::size_t size = row(pruned.dtype).bytes, group = groupOf(pruned.dtype);
  const std::size_t elements = pruned.rows * pruned.k;
  Work work;
  work.what = "compress" + bytesOf(pruned) + bytesOf(dense) + bytesOf(compressed);
  work.reads = {span(dense, elements * size)};
  work.writes = {span(compressed, elements / 2 * (size + 1))};
  work.seconds = movingSeconds(card, static_cast<double>(elements * size * 2));
  work.compute = [=](const auto& reads, const auto& writes) {
    std::byte *to = writes[0], *places = writes[0] + elements / 2 * size;
    for (std::size_t first = 0; first < elements; first += group) {
      // Half of a group: what is not zero, and zeros where there is less of it, the last ones.
      std::size_t zerosLeft = group / 2;
      for (std::size_t i = 0; i < group; ++i) {
        const std::byte* from = reads[0] + (first + i) * size;
        const bool zero = std::all_of(from, from + size, [](std::byte byte) { return byte == std::byte{}; });
        if (zero && zerosLeft > 0) {
          --zerosLeft;
          continue;
        }
        std::memcpy(to, from, size);
        to += size;
        *places++ = static_cast<std::byte>(i);
      }
    }
  };
  return work;
}

}  // namespace nameplate::simulated
