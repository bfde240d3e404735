// Square blocks, because going along the rows of one matrix goes down the columns of the other, and each step
// down a long column is another cache line and often another page.
#include "cpu/transpose.h"

#include <algorithm>
#include <string>

namespace nameplate::cpu {
namespace {

template <class T>
void transposeAs(const Operands& operands, std::size_t rows, std::size_t columns, Threads& threads) {
  constexpr std::size_t block = 64 / sizeof(T) * 4;  // four cache lines wide
  const T* const from = reinterpret_cast<const T*>(operands.a);
  T* const to = reinterpret_cast<T*>(operands.out);
  threads.parallel((columns + block - 1) / block, [&](std::size_t strip) {
    const std::size_t firstColumn = strip * block, endColumn = std::min(columns, firstColumn + block);
    for (std::size_t firstRow = 0; firstRow < rows; firstRow += block) {
      const std::size_t endRow = std::min(rows, firstRow + block);
      for (std::size_t column = firstColumn; column < endColumn; ++column)
        for (std::size_t row = firstRow; row < endRow; ++row)
          to[column * rows + row] = from[row * columns + column];
    }
  });
}

}  // namespace

Transpose transposeOf(std::size_t elementBytes) {
  switch (elementBytes) {
    case 1:
      return transposeAs<std::uint8_t>;
    case 2:
      return transposeAs<std::uint16_t>;
    case 4:
      return transposeAs<std::uint32_t>;
    case 8:
      return transposeAs<std::uint64_t>;
    default:
      throw Error("EINVAL",
                  "a transpose takes elements of 1, 2, 4 or 8 bytes, not " + std::to_string(elementBytes));
  }
}

}  // namespace nameplate::cpu
