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

}  // namespace

Work sparseGemmWork(const Card& card, const Gemm& gemm, const void* metadata) {
  const GemmParameters& p = gemm.at;
  const std::size_t size = row(gemm.dtype).bytes;
  Gemm dense = gemm;
  dense.at.lda = p.k;
  Work work = gemmWork(card, dense);
  work.what += "sparse";
  const std::size_t words =
      (p.m + 15) / 16 * (p.k / sparseBlockOfK(static_cast<unsigned>(size))) * sparseWords;
  work.reads[0].bytes = p.m * p.lda * size;
  work.reads.push_back({reinterpret_cast<CUdeviceptr>(metadata), words * 4});
  work.compute = [dense, lda = p.lda, size](const auto& reads, const auto& writes) {
    const Metadata places(dense.dtype, dense.at.k, reads[2]);
    std::vector<std::byte> a(dense.at.m * dense.at.k * size);
    for (std::size_t r = 0; r < dense.at.m; ++r)
      for (std::size_t i = 0; i < dense.at.k / 2; ++i)
        std::memcpy(a.data() + (r * dense.at.k + places.place(r, i)) * size, reads[0] + (r * lda + i) * size,
                    size);
    multiply(dense, a.data(), reads[1], writes[0]);
  };
  return work;
}

}  // namespace nameplate::simulated
