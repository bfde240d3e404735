// Our own kernels on one device: each loaded once, from the best image that the driver accepts.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "cuda/images.h"
#include "cuda/module.h"

namespace nameplate::cuda {

class OwnKernels {
 public:
  explicit OwnKernels(SharedContext context) : context_(std::move(context)) {}

  // Whether this build has any image of `family` for this device.
  bool holds(const std::string& family) const;

  // Entry point `name` of `family`. Throws Unsupported where no image of this build has it for this device.
  OwnKernel find(const std::string& family, const std::string& name);

  const SharedContext& context() const { return context_; }

 private:
  SharedContext context_;
  std::vector<Image> held_ = heldImages();
  std::map<std::string, std::shared_ptr<const Program>> programs_;  // by file
};

}  // namespace nameplate::cuda
