#include "cuda/chase.h"

#include "kernels/parameters.h"

namespace nameplate::cuda {

Kernel pointerChase(OwnKernels& kernels, std::size_t steps) {
  const OwnKernel own = kernels.find("chase", "chase");
  own.preferL1();
  Kernel kernel;
  kernel.name = "chase (" + own.image() + "), one thread, dependent 64-bit loads";
  kernel.resource = "none";
  kernel.launch = [own, steps](const Operands& operands) {
    own.launch(1, {chaseThreads, 1},
               ChaseParameters{reinterpret_cast<void*>(operands.out),
                               reinterpret_cast<const void*>(operands.a), steps});
  };
  return kernel;
}

}  // namespace nameplate::cuda
