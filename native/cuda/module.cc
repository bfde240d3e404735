#include "cuda/module.h"

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <string_view>
#include <vector>

namespace nameplate::cuda {
namespace {

[[noreturn]] void refuse(const std::string& why) {
  throw Error("CUDA_ERROR_INVALID_IMAGE", why + "; pass a whole cubin, a fatbin or PTX text");
}

// The driver is given no length: it believes the sizes in the image, so that one cut short would be read past
// its end.
void requireWhole(std::span<const std::byte> image) {
  constexpr std::uint32_t fatbinMagic = 0xba55ed50;
  struct FatbinHeader {
    std::uint32_t magic;
    std::uint16_t version, headerBytes;
    std::uint64_t bytes;
  } fatbin;
  if (image.size() >= sizeof fatbin) {
    std::memcpy(&fatbin, image.data(), sizeof fatbin);
    if (fatbin.magic == fatbinMagic) {
      if (fatbin.bytes > image.size() || fatbin.headerBytes > image.size() - fatbin.bytes)
        refuse("the fatbin is cut short");
      return;
    }
  }
  Elf64_Ehdr elf;
  if (image.size() >= SELFMAG && std::memcmp(image.data(), ELFMAG, SELFMAG) == 0) {
    if (image.size() < sizeof elf) refuse("the cubin is cut short");
    std::memcpy(&elf, image.data(), sizeof elf);
    const auto inside = [&image](std::uint64_t offset, std::uint64_t bytes) {
      return offset <= image.size() && bytes <= image.size() - offset;
    };
    const std::uint64_t sections = elf.e_shnum;
    if (!inside(elf.e_shoff, sections * sizeof(Elf64_Shdr)) ||
        !inside(elf.e_phoff, std::uint64_t{elf.e_phnum} * sizeof(Elf64_Phdr)))
      refuse("the cubin is cut short");
    for (std::uint64_t i = 0; i < sections; ++i) {
      Elf64_Shdr section;
      std::memcpy(&section, image.data() + elf.e_shoff + i * sizeof section, sizeof section);
      if (section.sh_type != SHT_NOBITS && !inside(section.sh_offset, section.sh_size))
        refuse("the cubin is cut short");
    }
    return;
  }
  const std::string_view text(reinterpret_cast<const char*>(image.data()), image.size());
  if (text.find(".version") == text.npos) refuse("the image is neither machine code nor PTX");
}

}  // namespace

Program::Program(SharedContext context, std::span<const std::byte> image) : context_(std::move(context)) {
  requireWhole(image);
  std::vector<std::byte> terminated(image.begin(), image.end());
  terminated.push_back(std::byte{0});

  std::vector<char> log(8192, '\0');
  CUjit_option options[] = {CU_JIT_ERROR_LOG_BUFFER, CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES};
  void* values[] = {log.data(), reinterpret_cast<void*>(log.size() - 1)};
  context_->bind();
  const CUresult result =
      driver().cuModuleLoadDataEx(module_.out(), terminated.data(), std::size(options), options, values);
  const std::string said = log.data();
  check(result, "cuModuleLoadDataEx", said.empty() ? "" : "the compiler says: " + said);
}

CUfunction Program::function(const std::string& name) const {
  context_->bind();
  CUfunction found = nullptr;
  check(driver().cuModuleGetFunction(&found, module_.get(), name.c_str()), "cuModuleGetFunction",
        "the image holds no kernel named \"" + name + "\"; a C++ kernel needs extern \"C\" to keep its name");
  return found;
}

namespace {

[[noreturn]] void invalid(const std::string& why) {
  throw Error("EINVAL", why);
}

void checkShape(const Context& context, CUfunction function, const Launch& launch) {
  struct Axis {
    const char* name;
    unsigned grid, block;
    CUdevice_attribute gridLimit, blockLimit;
  };
  const Axis axes[] = {{"x", launch.grid[0], launch.block[0], CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_X,
                        CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_X},
                       {"y", launch.grid[1], launch.block[1], CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Y,
                        CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Y},
                       {"z", launch.grid[2], launch.block[2], CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Z,
                        CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Z}};
  const auto within = [](const std::string& what, unsigned value, int limit) {
    if (value < 1 || value > static_cast<unsigned>(limit))
      invalid(what + " is " + std::to_string(value) + "; allowed are 1 to " + std::to_string(limit));
  };
  unsigned long long threads = 1;
  for (const Axis& axis : axes) {
    within(std::string("grid.") + axis.name, axis.grid, context.attribute(axis.gridLimit));
    within(std::string("block.") + axis.name, axis.block, context.attribute(axis.blockLimit));
    threads *= axis.block;
  }
  int limit = 0;
  check(driver().cuFuncGetAttribute(&limit, CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK, function),
        "cuFuncGetAttribute");
  if (threads > static_cast<unsigned>(limit))
    invalid("a block of " + std::to_string(threads) + " threads; " + launch.function + " allows at most " +
            std::to_string(limit));

  // Beyond 48 KiB a kernel has to be told before the launch that it may.
  int own = 0;
  check(driver().cuFuncGetAttribute(&own, CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES, function),
        "cuFuncGetAttribute");
  const int most = context.attribute(CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN) - own;
  if (most < 0 || launch.sharedBytes > static_cast<unsigned>(most))
    invalid(std::to_string(launch.sharedBytes) + " bytes of dynamic shared memory; " + launch.function +
            " leaves at most " + std::to_string(std::max(most, 0)));
  if (launch.sharedBytes + own >
      static_cast<unsigned>(context.attribute(CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK)))
    check(driver().cuFuncSetAttribute(function, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES,
                                      static_cast<int>(launch.sharedBytes)),
          "cuFuncSetAttribute");
}

void checkArguments(CUfunction function, const Launch& launch) {
  const std::size_t given = launch.arguments.size();
  std::size_t offset = 0, bytes = 0;
  for (std::size_t i = 0; i < given; ++i) {
    const CUresult said = driver().cuFuncGetParamInfo(function, i, &offset, &bytes);
    if (said == CUDA_ERROR_INVALID_VALUE)
      invalid(launch.function + " takes " + std::to_string(i) + " arguments, and was given " +
              std::to_string(given));
    check(said, "cuFuncGetParamInfo");
    if (launch.arguments[i].size() != bytes)
      invalid("argument " + std::to_string(i) + " of " + launch.function + " is of " + std::to_string(bytes) +
              " bytes, and was given " + std::to_string(launch.arguments[i].size()));
  }
  const CUresult said = driver().cuFuncGetParamInfo(function, given, &offset, &bytes);
  if (said == CUDA_SUCCESS)
    invalid(launch.function + " takes more arguments than the " + std::to_string(given) + " given");
  if (said != CUDA_ERROR_INVALID_VALUE) check(said, "cuFuncGetParamInfo");
}

// The arguments' bytes and the array of pointers to them that cuLaunchKernel reads. A driver before CUDA 12.4
// cannot say how many arguments a kernel takes or of what size, so there they cannot be checked; but it then
// finds zeros after the last byte given, and not whatever the host's memory holds.
class Arguments {
 public:
  explicit Arguments(const std::vector<KernelArgument>& given) {
    constexpr std::size_t parameterSpace = 32764, mostParameters = 4096, alignment = 16;
    std::vector<std::size_t> offsets;
    std::size_t bytes = 0;
    for (const KernelArgument& argument : given) {
      offsets.push_back(bytes);
      bytes += (argument.size() + alignment - 1) / alignment * alignment;
    }
    storage_.resize(bytes + parameterSpace);
    pointers_.assign(std::max(given.size(), mostParameters), storage_.data() + bytes);
    for (std::size_t i = 0; i < given.size(); ++i) {
      std::ranges::copy(given[i], storage_.begin() + static_cast<std::ptrdiff_t>(offsets[i]));
      pointers_[i] = storage_.data() + offsets[i];
    }
  }
  void** get() { return pointers_.data(); }

 private:
  std::vector<std::byte> storage_;
  std::vector<void*> pointers_;
};

}  // namespace

void CudaModule::launch(const Launch& launch) {
  const Context& context = *program_.context();
  const CUfunction function = program_.function(launch.function);
  checkShape(context, function, launch);
  if (driver().cuFuncGetParamInfo) checkArguments(function, launch);
  Arguments arguments(launch.arguments);
  check(driver().cuLaunchKernel(function, launch.grid[0], launch.grid[1], launch.grid[2], launch.block[0],
                                launch.block[1], launch.block[2], launch.sharedBytes, context.stream(),
                                arguments.get(), nullptr),
        "cuLaunchKernel");
}

}  // namespace nameplate::cuda
