// Which images of our own kernels this build holds, and which of them suit a device.
//
// An image is one file of one family for one architecture, so that a device is never handed a bundle in which
// the driver chooses unseen: `wmma.sm_90a.cubin`, `simt.compute_75.ptx`. Machine code runs on its own major
// compute capability, from its own minor on; PTX on everything newer, if the driver is as new as the compiler
// was. The suffix narrows: `a` is exactly that device, `f` that device and later ones of its family.
#pragma once

#include <string>
#include <vector>

namespace nameplate::cuda {

struct Image {
  std::string path;
  std::string file;    // "wmma.sm_90a.cubin"
  std::string family;  // "wmma"
  bool ptx = false;
  int capability = 0;  // 90
  char suffix = 0;     // 'a', 'f', or none
};

// The folder `kernels/` beside the file that this code is in.
std::string imageFolder();

// All that the folder holds; empty where there is none.
std::vector<Image> heldImages();

// Those of `held` that suit a device of `capability` (90 for 9.0), best first.
std::vector<Image> chooseImages(const std::vector<Image>& held, const std::string& family, int capability);

// "sm_80, sm_90a, compute_75" of one family, or "none".
std::string architectures(const std::vector<Image>& held, const std::string& family);

}  // namespace nameplate::cuda
