#include "cpu/chase.h"

namespace nameplate::cpu {
namespace {

// Each load needs the one before it: no processor can have two of them under way.
std::uintptr_t follow(std::uintptr_t at, std::size_t steps) {
  const auto next = [](std::uintptr_t node) {
    return *reinterpret_cast<const volatile std::uintptr_t*>(node);
  };
  std::size_t step = 0;
  for (; step + 8 <= steps; step += 8) at = next(next(next(next(next(next(next(next(at))))))));
  for (; step < steps; ++step) at = next(at);
  return at;
}

}  // namespace

Kernel pointerChase(std::size_t steps) {
  Kernel kernel;
  kernel.name = "pointer chase, one thread, dependent 64-bit loads";
  kernel.resource = "none";
  kernel.launch = [steps](const Operands& operands) {
    auto& state = *reinterpret_cast<ChaseState*>(operands.out);
    state.at = follow(state.at, steps);
    state.steps += steps;
  };
  return kernel;
}

}  // namespace nameplate::cpu
