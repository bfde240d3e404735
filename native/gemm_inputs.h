// What one GEMM row multiplies: A and B in rotated buffer sets, equal to each other, and on the host.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backend.h"
#include "inputs.h"
#include "reference.h"
#include "workload.h"

namespace nameplate {

inline constexpr std::size_t redZone = 256;  // bytes before and after C, which no launch may touch

// The asked shape with rows padded to what 16-byte loads and TMA need.
GemmShape paddedShape(const GemmOperation&, const Shape& asked);

class GemmInputs {
 public:
  GemmInputs(Device&, const GemmShape&, Data, std::uint64_t seed);

  // Of matrices as the device holds them.
  void upload(std::size_t set, const std::vector<std::byte>& hostA, const std::vector<std::byte>& hostB);

  // A as the device holds it, of the generator `ternaryA`.
  std::vector<std::byte> storedTernaryA();

  // Adds what is no longer what was uploaded, and uploads it anew.
  void restore(Verification& found);

  // Computed when first asked for: only then is it known that some provider can do the operation.
  const Reference& reference();

  Device& device;
  cpu::Threads threads;
  GemmShape shape;
  std::optional<Pruning> pruning;  // of A, where it is sparse
  Ternary ternaryA, ternaryB;
  std::vector<std::byte> a, b;  // as the device holds them
  std::size_t outBytes;         // of one output, its red zones included
  std::size_t rotations;
  std::string note;  // what a reader should know of them
  std::vector<std::unique_ptr<Buffer>> setsA, setsB;

 private:
  std::vector<std::byte> compressed(const std::vector<std::byte>& dense);
  // Where word `i` of A or B lies.
  std::string placeOf(std::size_t word, std::size_t leading, const std::string& name) const;
  void restore(const std::vector<std::unique_ptr<Buffer>>& sets, const std::vector<std::byte>& original,
               std::size_t leading, const std::string& name, Verification& found);

  std::vector<std::byte> denseA_;  // of a sparse one, with rows of K elements
  std::optional<Reference> reference_;
};

}  // namespace nameplate
