// The tensor cores: wgmma of matrices in shared memory, found by their descriptors.
#include <algorithm>
#include <cmath>
#include <string>

#include "state.h"

namespace machine {

int fp8SumBits = 23;

namespace {

using nameplate::DType;

struct InputRow {
  DType dtype;
  unsigned registersPerEight;
};
constexpr InputRow inputs[] = {
    {DType::bf16, 4}, {DType::fp16, 4},    {DType::fp16, 2},    {DType::tf32, 4},
    {DType::int8, 4}, {DType::fp8e4m3, 4}, {DType::fp8e5m2, 4},
};

const double* decoded(DType dtype) {
  static std::vector<double> tables[16];
  auto& table = tables[static_cast<std::size_t>(dtype)];
  if (table.empty()) {
    const std::size_t bytes = nameplate::row(dtype).bytes;
    table.resize(std::size_t{1} << 8 * bytes);
    for (std::size_t bits = 0; bits < table.size(); ++bits) table[bits] = nameplate::load(dtype, &bits, 0);
  }
  return table.data();
}

double element(DType dtype, const std::byte* at) {
  if (dtype == DType::tf32) {  // the low 13 bits are not looked at
    std::uint32_t bits;
    std::memcpy(&bits, at, 4);
    bits &= ~0x1fffu;
    float value;
    std::memcpy(&value, &bits, 4);
    return value;
  }
  std::uint16_t bits = 0;
  std::memcpy(&bits, at, nameplate::row(dtype).bytes);
  return decoded(dtype)[bits];
}

// "Matrix descriptor format" of the PTX ISA: start address, stride and swizzle; K-major with the 128-byte
// swizzle, of which eight rows of 128 bytes repeat each stride.
struct Operand {
  const Block& block;
  unsigned start, stride;

  Operand(const Block& block, std::uint64_t descriptor)
      : block(block),
        start(static_cast<unsigned>(descriptor & 0x3fff) << 4),
        stride(static_cast<unsigned>(descriptor >> 32 & 0x3fff) << 4) {
    if (descriptor >> 62 != 1) throw std::logic_error("a descriptor of another swizzle than 128 bytes");
    if (descriptor >> 49 & 7) throw std::logic_error("a descriptor with a base offset");
  }

  // 16 bytes of a row.
  const std::byte* chunk(unsigned row, unsigned index) const {
    const unsigned at = start + row / 8 * stride + row % 8 * 128 + index * 16;
    return block.shared.data() + swizzled(inShared(at, 16));
  }
};

void decode(const Operand& operand, DType dtype, unsigned rows, unsigned step, double* to, bool transposed) {
  const auto bytes = static_cast<unsigned>(nameplate::row(dtype).bytes);
  for (unsigned r = 0; r < rows; ++r)
    for (unsigned k = 0; k < step; ++k) {
      const std::byte* chunk = operand.chunk(r, k * bytes / 16);
      to[transposed ? k * rows + r : r * step + k] = element(dtype, chunk + k * bytes % 16);
    }
}

// Compressed A with what each thread of the warpgroup has of its metadata, as it was: "Sparse matrix storage"
// and the figures of the sparse multiplies in the PTX ISA. A nibble tells of four elements of K which two are
// kept, in tf32 of two which one; `step` is that of A as it was.
void expand(const Multiplication& op, DType dtype, unsigned step, const double* compressed, double* to) {
  const auto bytes = static_cast<unsigned>(nameplate::row(dtype).bytes);
  if (bytes == 1 && op.selector != 0) throw std::logic_error("a selector with a format of 8 bits");
  const unsigned group = dtype == DType::tf32 ? 2 : 4, kept = group / 2;
  std::fill(to, to + 64 * step, 0);
  for (unsigned r = 0; r < 64; ++r)
    for (unsigned q = 0; q < step / group; ++q) {
      const unsigned quad = r / 16 * 32 + r % 8 * 4, half = r % 16 / 8;
      const unsigned lane = bytes == 1 ? half + q / 8 * 2 : op.selector * 2 + q / 4;
      const unsigned shift = bytes == 1 ? q % 8 * 4 : half * 16 + q % 4 * 4;
      const unsigned code = *op.metadata[quad + lane] >> shift & 15;
      if (group == 2 ? code != 0b0100 && code != 0b1110 : (code & 3) >= code >> 2)
        throw std::logic_error("metadata that has no meaning");
      for (unsigned j = 0; j < kept; ++j) {
        const unsigned place = group == 2 ? code == 0b1110 : code >> 2 * j & 3;
        to[r * step + q * group + place] = compressed[r * step / 2 + q * kept + j];
      }
    }
}

double rounded(Input input, double sum) {
  if (input != Input::e4m3 && input != Input::e5m2) return sum;
  int exponent = 0;
  const double fraction = std::frexp(sum, &exponent);  // in [0.5, 1): one bit more than the mantissa's
  return std::ldexp(std::trunc(std::ldexp(fraction, fp8SumBits + 1)), exponent - fp8SumBits - 1);
}

void run(const Block& block, const Multiplication& op) {
  const InputRow& row = inputs[static_cast<std::size_t>(op.input)];
  const unsigned step = (op.sparse ? 64 : 32) / static_cast<unsigned>(nameplate::row(row.dtype).bytes);
  static std::vector<double> a(64 * 64), b(256 * 64), sums(256), compressed(64 * 32);
  if (op.sparse) {
    decode({block, op.a}, row.dtype, 64, step / 2, compressed.data(), false);
    expand(op, row.dtype, step, compressed.data(), a.data());
  } else {
    decode({block, op.a}, row.dtype, 64, step, a.data(), false);
  }
  decode({block, op.b}, row.dtype, op.columns, step, b.data(), true);
  for (unsigned r = 0; r < 64; ++r) {
    const unsigned group = r % 8, half = r % 16 / 8;
    const auto owner = [&](unsigned column) { return r / 16 * 32 + group * 4 + column % 8 / 2; };
    // The register, and where two fp16 share one, the half of it.
    const auto at = [&](unsigned column) {
      auto* words = static_cast<std::byte*>(op.sums[owner(column)]);
      return row.registersPerEight == 4 ? words + (column / 8 * 4 + half * 2 + column % 2) * 4
                                        : words + (column / 8 * 2 + half) * 4 + column % 2 * 2;
    };
    const DType kept = op.input == Input::int8        ? DType::int32
                       : op.input == Input::fp16Acc16 ? DType::fp16
                                                      : DType::fp32;
    for (unsigned c = 0; c < op.columns; ++c) sums[c] = op.accumulate ? nameplate::load(kept, at(c), 0) : 0;
    for (unsigned k = 0; k < step; ++k) {
      const double x = a[r * step + k];
      if (x == 0) continue;  // most rows of a small matrix's tile; that B has no NaN is seen in the others
      const double* y = b.data() + k * op.columns;
      for (unsigned c = 0; c < op.columns; ++c) sums[c] += x * y[c];
    }
    for (unsigned c = 0; c < op.columns; ++c) nameplate::store(kept, at(c), 0, rounded(op.input, sums[c]));
  }
}

Warpgroup& warpgroup() {
  return blocks[current->block].warpgroups[current->index / 128];
}

void runUntil(Warpgroup& group, std::size_t end) {
  for (; group.done < end; ++group.done) {
    run(blocks[current->block], group.begun.front());
    group.begun.pop_front();
  }
}

}  // namespace

void multiply(Input input, unsigned columns, void* sums, std::uint64_t a, std::uint64_t b, bool accumulate,
              const unsigned* metadata, unsigned selector) {
  if (!current->sumsFenced) throw std::logic_error("a multiply without wgmma.fence before it");
  Warpgroup& group = warpgroup();
  const std::size_t place = current->begun++ - group.done;
  if (place == group.begun.size())
    group.begun.push_back({input, columns, a, b, accumulate, metadata != nullptr, selector});
  Multiplication& op = group.begun.at(place);
  if (op.input != input || op.columns != columns || op.a != a || op.b != b || op.accumulate != accumulate ||
      op.selector != selector)
    throw std::logic_error("the threads of a warpgroup multiply different matrices");
  op.sums[current->index % 128] = sums;
  op.metadata[current->index % 128] = metadata;
  // Until the multiply is done its sums are nobody's: who reads them finds NaN.
  if (!accumulate)
    std::memset(sums, 0x7f, columns / 8 * inputs[static_cast<std::size_t>(input)].registersPerEight * 4);
  if (++op.threads == 128 && !timing.lateMultiplies) runUntil(group, group.done + place + 1);
}

void fenceSums() {
  current->sumsFenced = true;
}

void commitMultiplies() {
  current->committed.push_back(current->begun);
}

void waitForMultiplies(unsigned pending) {
  current->sumsFenced = false;
  if (current->committed.size() <= pending) return;
  const std::size_t end = current->committed[current->committed.size() - 1 - pending];
  Warpgroup& group = warpgroup();
  await("multiplies of its warpgroup", static_cast<unsigned>(end), [&group, end] {
    if (group.done >= end) return true;
    return group.begun.size() >= end - group.done && group.begun[end - group.done - 1].threads == 128;
  });
  runUntil(group, end);
}

}  // namespace machine
