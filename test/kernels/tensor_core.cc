#include "tensor_core.h"

#include <string>

namespace emulation {

using nameplate::DType;
using nameplate::row;

int sumBits = 23;

namespace {

struct Type {
  const char* name;
  DType dtype;
};
constexpr Type inputs[] = {{"bf16", DType::bf16}, {"f16", DType::fp16},     {"tf32", DType::tf32},
                           {"s8", DType::int8},   {"e4m3", DType::fp8e4m3}, {"e5m2", DType::fp8e5m2}};

DType inputOf(const char* types) {
  const std::string all = types, input = all.substr(all.find('.') + 1);
  for (const Type& type : inputs)
    if (input.rfind(std::string(type.name) + ".", 0) == 0) return type.dtype;
  throw std::logic_error("no such mma: " + all);
}

// The element of a register that begins with its byte `at`.
template <DType dtype>
double element(unsigned word, unsigned at) {
  if constexpr (dtype == DType::tf32)
    return std::bit_cast<float>(word & ~0x1fffu);
  else if constexpr (dtype == DType::int8)
    return static_cast<std::int8_t>(word >> 8 * at);
  else
    return decoded<dtype>()[word >> 8 * at & (row(dtype).bytes == 1 ? 0xffu : 0xffffu)];
}

constexpr unsigned bytesOfK = 32;

// "Matrix Fragments for mma.m16n8k16" with 16-bit types, "for mma.m16n8k8" with .tf32 and "for mma.m16n8k32"
// with 8-bit types. In each a register holds 4 bytes of a row: of A, with groupID = lane >> 2 and
// threadID_in_group = lane % 4, row groupID in a0 and a2, groupID + 8 in a1 and a3; bytes threadID_in_group *
// 4 of the row in a0 and a1, 16 more in a2 and a3. B's column is groupID, and its bytes the same in b0 and
// b1. C: row groupID for ci where i < 2, else groupID + 8; column threadID_in_group * 2 + (i & 1).
template <DType dtype>
void productsOf(const char* types, double (&sums)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
  struct Brought {
    unsigned a[4], b[2];
  } const mine{{a[0], a[1], a[2], a[3]}, {b[0], b[1]}};
  const Lanes lanes = shareWithWarp(&mine, sizeof mine, types);
  const auto brought = [lanes](unsigned from) { return reinterpret_cast<const Brought*>(lanes[from]); };
  const unsigned group = lane() / 4, member = lane() % 4;
  for (unsigned at = 0; at < bytesOfK; at += row(dtype).bytes) {
    const unsigned holder = at % 16 / 4, half = at / 16;
    const Brought* const ofRow = brought(group * 4 + holder);
    const double x[] = {element<dtype>(ofRow->a[2 * half], at % 4),
                        element<dtype>(ofRow->a[2 * half + 1], at % 4)};
    for (unsigned column = 0; column < 2; ++column) {
      const double y = element<dtype>(brought((member * 2 + column) * 4 + holder)->b[half], at % 4);
      sums[column] += x[0] * y;
      sums[2 + column] += x[1] * y;
    }
  }
}

// "Sparse matrix storage" and "Matrix Fragments for sparse mma.m16n8k32" with 16-bit types, "m16n8k16" with
// .tf32 and "m16n8k64" with 8-bit types. A's registers hold what is kept as those above hold what is there;
// b0 to b3 hold 16 bytes of K after the other. Metadata has four bits for every group. Of 8-bit types a
// thread's are of one row, groupID in the even lanes and groupID + 8 in the odd, half of the columns in lanes
// 0 and 1 of four and the other in 2 and 3. Of the others, of two lanes that `selector` names, each has half
// of the columns, of row groupID below and of groupID + 8 above.
template <DType dtype>
void sparseProductsOf(const char* types, double (&sums)[4], const unsigned (&a)[4], const unsigned (&b)[4],
                      unsigned metadata, unsigned selector) {
  struct Brought {
    unsigned a[4], b[4], metadata;
  } const mine{{a[0], a[1], a[2], a[3]}, {b[0], b[1], b[2], b[3]}, metadata};
  const Lanes lanes = shareWithWarp(&mine, sizeof mine, types);
  const auto brought = [lanes](unsigned from) { return reinterpret_cast<const Brought*>(lanes[from]); };
  const unsigned group = lane() / 4, member = lane() % 4;
  constexpr auto bytes = static_cast<unsigned>(row(dtype).bytes);
  constexpr unsigned keptOfGroup = dtype == DType::tf32 ? 1 : 2, groups = 32 / bytes / keptOfGroup;
  for (unsigned half = 0; half < 2; ++half)
    for (unsigned g = 0; g < groups; ++g) {
      const unsigned side = g / (groups / 2), within = g % (groups / 2);
      const unsigned code =
          bytes == 1 ? brought(group * 4 + half + 2 * side)->metadata >> 4 * within & 15
                     : brought(group * 4 + 2 * selector + side)->metadata >> (16 * half + 4 * within) & 15;
      const unsigned places[] = {code & 3, code >> 2};
      if (keptOfGroup == 1 ? code != 0b0100 && code != 0b1110 : places[0] >= places[1])
        throw std::logic_error("metadata of no arrangement");
      for (unsigned i = 0; i < keptOfGroup; ++i) {
        const unsigned k = keptOfGroup == 1 ? 2 * g + (code == 0b1110) : 4 * g + places[i];
        const unsigned at = (g * keptOfGroup + i) * bytes, atB = k * bytes;
        const double x = element<dtype>(brought(group * 4 + at % 16 / 4)->a[half + at / 16 * 2], at % 4);
        for (unsigned column = 0; column < 2; ++column)
          sums[2 * half + column] +=
              x * element<dtype>(brought((member * 2 + column) * 4 + atB % 16 / 4)->b[atB / 16], atB % 4);
      }
    }
}

template <typename Of>
void withInput(const char* types, Of of) {
  switch (inputOf(types)) {
    case DType::bf16:
      return of.template operator()<DType::bf16>();
    case DType::fp16:
      return of.template operator()<DType::fp16>();
    case DType::fp8e4m3:
      return of.template operator()<DType::fp8e4m3>();
    case DType::fp8e5m2:
      return of.template operator()<DType::fp8e5m2>();
    case DType::int8:
      return of.template operator()<DType::int8>();
    default:
      return of.template operator()<DType::tf32>();
  }
}

void products(const char* types, double (&sums)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
  withInput(types, [&]<DType dtype>() { productsOf<dtype>(types, sums, a, b); });
}

void products(const char* types, double (&sums)[4], const unsigned (&a)[4], const unsigned (&b)[4],
              unsigned metadata, unsigned selector) {
  withInput(types, [&]<DType dtype>() { sparseProductsOf<dtype>(types, sums, a, b, metadata, selector); });
}

float kept(DType dtype, double sum) {
  if (row(dtype).bytes > 1) return static_cast<float>(sum);
  int exponent = 0;
  const double fraction = std::frexp(sum, &exponent);  // in [0.5, 1): one bit more than the mantissa's
  return static_cast<float>(
      std::ldexp(std::trunc(std::ldexp(fraction, sumBits + 1)), exponent - sumBits - 1));
}

}  // namespace

void multiplyAdd(const char* types, float (&c)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
  double sums[] = {c[0], c[1], c[2], c[3]};
  products(types, sums, a, b);
  for (int i = 0; i < 4; ++i) c[i] = kept(inputOf(types), sums[i]);
}

void multiplyAdd(const char* types, int (&c)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
  double sums[4] = {};
  products(types, sums, a, b);
  for (int i = 0; i < 4; ++i) c[i] += static_cast<int>(sums[i]);
}

void multiplyAdd(const char* types, float (&c)[4], const unsigned (&a)[4], const unsigned (&b)[4],
                 unsigned metadata, unsigned selector) {
  double sums[] = {c[0], c[1], c[2], c[3]};
  products(types, sums, a, b, metadata, selector);
  for (int i = 0; i < 4; ++i) c[i] = kept(inputOf(types), sums[i]);
}

void multiplyAdd(const char* types, int (&c)[4], const unsigned (&a)[4], const unsigned (&b)[4],
                 unsigned metadata, unsigned selector) {
  double sums[4] = {};
  products(types, sums, a, b, metadata, selector);
  for (int i = 0; i < 4; ++i) c[i] += static_cast<int>(sums[i]);
}

void multiplyAdd(const char* types, unsigned (&c)[2], const unsigned (&a)[4], const unsigned (&b)[2]) {
  double sums[4];
  for (unsigned i = 0; i < 4; ++i) sums[i] = element<DType::fp16>(c[i / 2], i % 2 * 2);
  products(types, sums, a, b);
  for (int half = 0; half < 2; ++half)
    c[half] = __half(sums[2 * half]).bits | static_cast<unsigned>(__half(sums[2 * half + 1]).bits) << 16;
}

void loadMatrices(unsigned (&x)[4], unsigned at) {
  const Lanes lanes = shareWithWarp(&at, sizeof at, "ldmatrix");
  for (unsigned i = 0; i < 4; ++i) {
    unsigned from;
    std::memcpy(&from, lanes[i * 8 + lane() / 4], sizeof from);
    if (from % 16 != 0) throw std::logic_error("ldmatrix wants 16-byte boundaries");
    std::memcpy(&x[i], reinterpret_cast<const std::byte*>(dynamicShared()) + from + lane() % 4 * 4,
                sizeof x[i]);
  }
}

unsigned loadWord(unsigned at) {
  unsigned word;
  std::memcpy(&word, reinterpret_cast<const std::byte*>(dynamicShared()) + at, sizeof word);
  return word;
}

// As the PTX ISA tabulates "Matrix Fragments for mma.m8n8k4 with .f64" and "for mma.m16n8k16 with .f64".
void multiplyAddFp64(int rows, double* c, const double* a, const double* b) {
  const bool large = rows == 16;
  const int depth = large ? 16 : 4, countA = large ? 8 : 1, countB = large ? 4 : 1, countC = large ? 4 : 2;
  struct Brought {
    double a[8], b[4];
  } mine{};
  std::copy(a, a + countA, mine.a);
  std::copy(b, b + countB, mine.b);
  const Lanes lanes = shareWithWarp(&mine, sizeof mine, large ? "m16n8k16" : "m8n8k4");
  const auto brought = [lanes](int lane) { return reinterpret_cast<const Brought*>(lanes[lane]); };
  // m8n8k4: row of a: groupID, column: threadID_in_group. m16n8k16: row of ai: groupID where i is even, else
  // groupID + 8; column: i * 2 + threadID_in_group where i is even, else i * 2 - 2 + threadID_in_group.
  const auto elementA = [&](int row, int column) {
    for (int i = 0; i < countA; ++i) {
      const int firstColumn = i % 2 == 0 ? i * 2 : i * 2 - 2;
      if ((i % 2 == 0) == (row < 8) && firstColumn <= column && column < firstColumn + 4)
        return brought(row % 8 * 4 + column - firstColumn)->a[i];
    }
    throw std::logic_error("no lane holds this element of A");
  };
  // row of bi: threadID_in_group + i * 4; column: groupID.
  const auto elementB = [&](int row, int column) { return brought(column * 4 + row % 4)->b[row / 4]; };
  // row of ci: groupID for i < 2, else groupID + 8; column: threadID_in_group * 2 + (i & 1).
  const int group = static_cast<int>(lane()) / 4, member = static_cast<int>(lane()) % 4;
  for (int i = 0; i < countC; ++i)
    for (int k = 0; k < depth; ++k) c[i] += elementA(group + i / 2 * 8, k) * elementB(k, member * 2 + i % 2);
}

}  // namespace emulation
