// Is this GEMM right? Two questions, because one alone leaves a hole.
//
// - Exact: with small integers every format must give the exact product, to the bit. All of C is checked, not
// a sample,
//   by Freivalds' method (R. Freivalds, "Probabilistic machines can use less running time", 1977): C w = A
//   (B^T w) for a random vector w costs n^2 and not n^3; one wrong element escapes with a chance of 2^-10, a
//   wrong tile with none worth naming. It finds wrong indices, races, missing tiles and poison, anywhere.
// - Rounded: with real data, whole rows and columns against a float64 product of the quantised inputs. It
// finds a wrong
//   accumulator or a wrong conversion, which integers cannot show.
#pragma once

#include <cstddef>
#include <vector>

#include "inputs.h"

namespace nameplate {

// Matrices on the host, as the device holds them.
struct HostGemm {
  GemmShape shape;
  const std::byte* a;
  const std::byte* b;
};

// Where element `index` of C lies: "row 3, column 17".
std::string place(const GemmShape&, std::size_t index);

// float64 rows and columns of the product, and of the product of absolute values (the scale of its rounding
// errors).
class Reference {
 public:
  Reference(cpu::Threads&, const HostGemm&);
  // Compares c with the reference and the format's bound.
  void compare(const std::byte* c, Verification&) const;

 private:
  struct Line {
    bool isRow;
    std::size_t index;
    std::vector<double> value, scale;
  };
  GemmShape shape_;
  std::vector<Line> lines_;
};

// Checks all of c = a * transpose(b), where a and b are the ternary matrices of these generators.
void compareExact(cpu::Threads&, const GemmShape&, const Ternary& a, const Ternary& b, const std::byte* c,
                  Verification&);

}  // namespace nameplate
