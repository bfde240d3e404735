// Images and launches. An image is not executed, but it is held against the card as the driver would, and
// gives only the kernels whose names are in it: so the loader is tested for having picked the right file.
#include <elf.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "kernel.h"
#include "ledger.h"
#include "setting.h"
#include "stream.h"

struct nameplate::cuda::CUfunc_st {
  const nameplate::simulated::KnownKernel* kernel;
  const nameplate::simulated::Card* card;
  int staticSharedBytes;
  int dynamicSharedBytes = (48 << 10) - staticSharedBytes;  // the most that a launch may ask for
};
struct nameplate::cuda::CUmod_st {
  const nameplate::simulated::Card* card;
  std::string image;
  bool ptx;
  std::vector<std::unique_ptr<CUfunc_st>> functions;
};

namespace nameplate::simulated {
namespace {

// Machine code runs on its own major compute capability, from its own minor on. Until CUDA 12 a cubin had its
// architecture in the lowest byte of the ELF header's flags; since then (ABI version 8) in the second.
// Older drivers refuse those.
void requireCubin(const Elf64_Ehdr& elf, int capability) {
  const bool recent = elf.e_ident[EI_ABIVERSION] >= 8;
  require(!recent || driverVersion() >= 13000, CUDA_ERROR_INVALID_IMAGE);
  const unsigned shift = recent ? 8 : 0;
  const int target = static_cast<int>(elf.e_flags >> shift & 0xff);
  require(target / 10 == capability / 10 && target <= capability, CUDA_ERROR_NO_BINARY_FOR_GPU);
}

void requirePtx(const std::string& text, int capability) {
  require(setting("CUDA_DISABLE_PTX_JIT", "0") == "0", CUDA_ERROR_JIT_COMPILATION_DISABLED);
  int major = 0, minor = 0, target = 0;
  const auto version = text.find(".version"), architecture = text.find(".target sm_");
  require(version != text.npos && architecture != text.npos, CUDA_ERROR_INVALID_PTX);
  require(std::sscanf(text.c_str() + version, ".version %d.%d", &major, &minor) == 2 &&
              std::sscanf(text.c_str() + architecture, ".target sm_%d", &target) == 1,
          CUDA_ERROR_INVALID_PTX);
  // CUDA 11.0 brought PTX 7.0, 12.0 brought 8.0, 13.0 brought 9.0, and every minor version the next.
  require(major * 10 + minor <= (driverVersion() / 1000 - 4) * 10 + driverVersion() % 1000 / 10,
          CUDA_ERROR_UNSUPPORTED_PTX_VERSION);
  require(target <= capability, CUDA_ERROR_NO_BINARY_FOR_GPU);
}

std::size_t elfBytes(const Elf64_Ehdr& elf, const char* image) {
  std::size_t end = std::max<std::size_t>(elf.e_shoff + std::size_t{elf.e_shnum} * sizeof(Elf64_Shdr),
                                          elf.e_phoff + std::size_t{elf.e_phnum} * sizeof(Elf64_Phdr));
  for (unsigned i = 0; i < elf.e_shnum; ++i) {
    Elf64_Shdr section;
    std::memcpy(&section, image + elf.e_shoff + i * sizeof section, sizeof section);
    if (section.sh_type != SHT_NOBITS) end = std::max<std::size_t>(end, section.sh_offset + section.sh_size);
  }
  return end;
}

// A kernel's own shared memory is a section of its cubin, in which code for 9.0 and later counts the kilobyte
// that the system keeps to itself.
int staticSharedBytes(const CUmod_st& module, const std::string& kernel) {
  if (module.ptx) return 0;
  Elf64_Ehdr elf;
  std::memcpy(&elf, module.image.data(), sizeof elf);
  const auto section = [&](unsigned index) {
    Elf64_Shdr header;
    std::memcpy(&header, module.image.data() + elf.e_shoff + index * sizeof header, sizeof header);
    return header;
  };
  const std::size_t names = section(elf.e_shstrndx).sh_offset;
  constexpr int kept = 1024;
  for (unsigned i = 0; i < elf.e_shnum; ++i)
    if (".nv.shared." + kernel == module.image.data() + names + section(i).sh_name)
      return static_cast<int>(section(i).sh_size) - (module.card->capability >= 90 ? kept : 0);
  return 0;
}

// In a cubin a name ends in NUL and begins after one; in PTX it stands between ".entry " and its parameters.
bool holds(const CUmod_st& module, const std::string& name) {
  if (!module.ptx) return module.image.find('\0' + name + '\0') != std::string::npos;
  for (std::size_t at = 0; (at = module.image.find(".entry", at)) != std::string::npos; ++at) {
    const auto begin = module.image.find_first_not_of(" \t\n", at + 6);
    if (begin == std::string::npos || module.image.compare(begin, name.size(), name) != 0) continue;
    if (std::strchr("( \t\n", module.image[begin + name.size()])) return true;
  }
  return false;
}

}  // namespace

CUresult cuModuleLoadDataEx(CUmodule* module, const void* image, unsigned count, CUjit_option* options,
                            void** values) {
  refuseWhileCapturing();
  const int capability = current().capability;
  const auto* bytes = static_cast<const char*>(image);
  auto made = std::make_unique<CUmod_st>();
  made->card = &current();
  made->ptx = std::memcmp(bytes, ELFMAG, SELFMAG) != 0;
  try {
    if (made->ptx) {
      made->image = bytes;
      requirePtx(made->image, capability);
    } else {
      Elf64_Ehdr elf;
      std::memcpy(&elf, bytes, sizeof elf);
      require(elf.e_machine == 190, CUDA_ERROR_INVALID_IMAGE);  // EM_CUDA
      requireCubin(elf, capability);
      made->image.assign(bytes, elfBytes(elf, bytes));
    }
  } catch (const Refusal&) {
    for (unsigned i = 0; i < count; ++i)
      if (made->ptx && options[i] == CU_JIT_ERROR_LOG_BUFFER)
        std::strcpy(static_cast<char*>(values[i]), "ptxas fatal: the simulated compiler refuses this");
    throw;
  }
  *module = made.release();
  ++ledger().modules;
  return CUDA_SUCCESS;
}

CUresult cuModuleUnload(CUmodule module) {
  require(module, invalidHandle);
  refuseWhileCapturing();
  delete module;
  --ledger().modules;
  return CUDA_SUCCESS;
}

CUresult cuModuleGetFunction(CUfunction* function, CUmodule module, const char* name) {
  require(module && module->card == &current(), invalidHandle);
  const KnownKernel* kernel = findKernel(name);
  require(kernel && holds(*module, name), CUDA_ERROR_NOT_FOUND);
  module->functions.push_back(
      std::make_unique<CUfunc_st>(kernel, module->card, staticSharedBytes(*module, name)));
  *function = module->functions.back().get();
  return CUDA_SUCCESS;
}

CUresult cuFuncGetAttribute(int* value, CUfunction_attribute attribute, CUfunction function) {
  require(function, invalidHandle);
  switch (attribute) {
    case CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK:
      *value = static_cast<int>(function->kernel->threads);
      return CUDA_SUCCESS;
    case CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES:
      *value = function->staticSharedBytes;
      return CUDA_SUCCESS;
    case CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES:
      *value = function->dynamicSharedBytes;
      return CUDA_SUCCESS;
    case CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT:
      break;
  }
  return CUDA_ERROR_INVALID_VALUE;
}

CUresult cuFuncSetAttribute(CUfunction function, CUfunction_attribute attribute, int value) {
  require(function, invalidHandle);
  if (attribute == CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT) {
    require(value >= -1 && value <= 100);  // percent, or the driver's own choice
    return CUDA_SUCCESS;
  }
  int most = 0;
  cuDeviceGetAttribute(&most, CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN,
                       static_cast<CUdevice>(current().ordinal));
  require(attribute == CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES && value >= 0 &&
          value <= most - function->staticSharedBytes);
  function->dynamicSharedBytes = value;
  return CUDA_SUCCESS;
}

CUresult cuFuncGetParamInfo(CUfunction function, std::size_t index, std::size_t* offset, std::size_t* bytes) {
  require(function, invalidHandle);
  const std::vector<std::size_t>& sizes = function->kernel->parameters;
  require(index < sizes.size());
  std::size_t at = 0;
  for (std::size_t i = 0; i <= index; ++i) {
    at = (at + sizes[i] - 1) / sizes[i] * sizes[i];  // right for scalars, and a struct is always the first
    *offset = at;
    at += sizes[i];
  }
  *bytes = sizes[index];
  return CUDA_SUCCESS;
}

CUresult cuLaunchKernel(CUfunction function, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX,
                        unsigned blockY, unsigned blockZ, unsigned sharedBytes, CUstream stream,
                        void** parameters, void** extra) {
  require(function && function->card == &current(), invalidHandle);
  const unsigned long long threads = 1ull * blockX * blockY * blockZ;
  require(gridX > 0 && gridX <= 0x7fffffff && gridY == 1 && gridZ == 1 && threads > 0 && threads <= 1024 &&
          !extra);
  require(threads <= function->kernel->threads, CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES);
  require(sharedBytes <= static_cast<unsigned>(function->dynamicSharedBytes));
  enqueue(stream, function->kernel->make(current(), {gridX, static_cast<unsigned>(threads)}, parameters));
  return CUDA_SUCCESS;
}

}  // namespace nameplate::simulated
