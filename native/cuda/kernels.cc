#include "cuda/kernels.h"

#include <fstream>
#include <iterator>
#include <vector>

namespace nameplate::cuda {
namespace {

std::vector<char> contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<char> bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (!file || bytes.empty()) throw Error("EIO", path + " cannot be read; build again");
  return bytes;
}

// Refusals that another image may not meet: made for another device, or by a compiler newer than the driver,
// or PTX where it is not to be compiled (CUDA_DISABLE_PTX_JIT). Some drivers call an image invalid by 300.
bool tryNext(const std::string& code) {
  for (const CUresult result :
       {CUDA_ERROR_INVALID_IMAGE, CUDA_ERROR_NO_BINARY_FOR_GPU, CUDA_ERROR_UNSUPPORTED_PTX_VERSION,
        CUDA_ERROR_INVALID_PTX, CUDA_ERROR_JIT_COMPILER_NOT_FOUND, CUDA_ERROR_JIT_COMPILATION_DISABLED,
        CUDA_ERROR_INVALID_SOURCE})
    if (code == resultName(result)) return true;
  return false;
}

}  // namespace

bool OwnKernels::holds(const std::string& family) const {
  return !chooseImages(held_, family, context_->capability()).empty();
}

OwnKernel OwnKernels::find(const std::string& family, const std::string& name) {
  std::string refusals;
  const auto candidates = chooseImages(held_, family, context_->capability());
  for (const Image& image : candidates) {
    try {
      auto known = programs_.find(image.file);
      if (known == programs_.end()) {
        const std::vector<char> bytes = contents(image.path);
        known = programs_
                    .emplace(image.file,
                             std::make_shared<const Program>(context_, std::as_bytes(std::span(bytes))))
                    .first;
      }
      return OwnKernel(known->second, name, image.file, image.capability);
    } catch (const Error& error) {
      // An image for an older architecture leaves out the kernels that need a newer one.
      if (!tryNext(error.code) && error.code != resultName(CUDA_ERROR_NOT_FOUND)) throw;
      refusals += "; " + image.file + ": " + error.what();
    }
  }
  const std::string device = "compute capability " + context_->capabilityText();
  if (!candidates.empty())
    throw Unsupported("no image of this build has " + name + " for " + device + refusals);
  throw Unsupported("this build holds no image of " + family + " for " + device +
                    "; it holds: " + architectures(held_, family) +
                    "; build with an nvcc that knows this device's architecture");
}

}  // namespace nameplate::cuda
