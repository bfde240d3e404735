// Device code, loaded: images of ours and a user's own, and the functions in them.
//
// A wrong argument to a launch is not an error of the driver's but a read through a stray pointer, of the
// host's memory or of the device's; so what can be checked is checked before it is asked for.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <string>

#include "backend.h"
#include "cuda/context.h"

namespace nameplate::cuda {

// An image loaded into a context.
class Program {
 public:
  // `image` is a cubin, a fatbin or PTX text, which need not end in NUL. Throws Error; where the driver
  // compiled PTX and refused it, with the compiler's words.
  Program(SharedContext, std::span<const std::byte> image);
  ~Program() { context_->bindQuietly(); }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  const SharedContext& context() const { return context_; }
  // Throws Error with CUDA_ERROR_NOT_FOUND.
  CUfunction function(const std::string& name) const;

 private:
  SharedContext context_;
  LoadedModule module_;
};

// One of our own kernels: an entry point that takes one struct of kernels/parameters.h by value.
class OwnKernel {
 public:
  OwnKernel() = default;
  OwnKernel(std::shared_ptr<const Program> program, const std::string& name, std::string image,
            int imageCapability)
      : program_(std::move(program)),
        function_(program_->function(name)),
        image_(std::move(image)),
        imageCapability_(imageCapability) {}

  // The file that it comes from, "wmma.sm_90a.cubin".
  const std::string& image() const { return image_; }
  // The oldest device that this file is for, 90 for 9.0.
  int imageCapability() const { return imageCapability_; }
  const SharedContext& context() const { return program_->context(); }

  // Without it, a launch may ask for 48 KiB of dynamic shared memory at most.
  void allowSharedBytes(unsigned bytes) const {
    context()->bind();
    check(driver().cuFuncSetAttribute(function_, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES,
                                      static_cast<int>(bytes)),
          "cuFuncSetAttribute");
  }

  // Of what L1 and shared memory divide between them, all to L1. By default some of it may be kept free.
  void preferL1() const {
    constexpr int mostL1 = 0;  // CU_SHAREDMEM_CARVEOUT_MAX_L1
    context()->bind();
    check(driver().cuFuncSetAttribute(function_, CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT, mostL1),
          "cuFuncSetAttribute");
  }

  template <typename Parameters>
  void launch(unsigned blocks, std::array<unsigned, 2> block, const Parameters& parameters,
              unsigned sharedBytes = 0) const {
    context()->bind();
    void* arguments[] = {const_cast<Parameters*>(&parameters)};  // which the driver only reads
    check(driver().cuLaunchKernel(function_, blocks, 1, 1, block[0], block[1], 1, sharedBytes,
                                  context()->stream(), arguments, nullptr),
          "cuLaunchKernel");
  }

 private:
  std::shared_ptr<const Program> program_;
  CUfunction function_ = nullptr;
  std::string image_;
  int imageCapability_ = 0;
};

// A user's module.
class CudaModule final : public Module {
 public:
  CudaModule(SharedContext context, std::span<const std::byte> image) : program_(std::move(context), image) {}
  void launch(const Launch&) override;

 private:
  Program program_;
};

}  // namespace nameplate::cuda
