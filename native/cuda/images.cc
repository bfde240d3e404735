#include "cuda/images.h"

#include <dlfcn.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>
#include <string_view>
#include <tuple>

namespace nameplate::cuda {
namespace {

namespace fs = std::filesystem;

// family "." ("sm_" | "compute_") digits [a | f] "." ("cubin" | "ptx"); anything else is not an image of
// ours.
std::optional<Image> parse(const fs::path& path) {
  Image image{path.string(), path.filename().string(), {}, false, 0, 0};
  std::string_view rest = image.file;
  const auto dot = rest.find('.');
  if (dot == rest.npos) return std::nullopt;
  image.family = rest.substr(0, dot);
  rest.remove_prefix(dot + 1);
  image.ptx = rest.ends_with(".ptx");
  const std::string_view prefix = image.ptx ? "compute_" : "sm_", extension = image.ptx ? ".ptx" : ".cubin";
  if (!rest.starts_with(prefix) || !rest.ends_with(extension)) return std::nullopt;
  rest.remove_prefix(prefix.size());
  rest.remove_suffix(extension.size());
  if (rest.ends_with('a') || rest.ends_with('f')) {
    image.suffix = rest.back();
    rest.remove_suffix(1);
  }
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), image.capability);
  if (error != std::errc{} || end != rest.data() + rest.size()) return std::nullopt;
  return image;
}

bool suits(const Image& image, int capability) {
  if (image.suffix == 'a') return image.capability == capability;
  const bool sameMajor = image.capability / 10 == capability / 10;
  if (image.suffix == 'f' || !image.ptx) return sameMajor && image.capability <= capability;
  return image.capability <= capability;
}

}  // namespace

std::string imageFolder() {
  Dl_info here{};
  if (dladdr(reinterpret_cast<const void*>(&imageFolder), &here) == 0 || !here.dli_fname) return "";
  std::error_code failed;
  const fs::path file = fs::absolute(here.dli_fname, failed);
  return failed ? "" : (file.parent_path() / "kernels").string();
}

std::vector<Image> heldImages() {
  std::vector<Image> held;
  std::error_code failed;
  for (const fs::directory_entry& entry : fs::directory_iterator(imageFolder(), failed))
    if (auto image = parse(entry.path())) held.push_back(std::move(*image));
  std::ranges::sort(held, {}, [](const Image& image) {
    return std::tuple(image.family, image.ptx, image.capability, image.suffix);
  });
  return held;
}

std::vector<Image> chooseImages(const std::vector<Image>& held, const std::string& family, int capability) {
  std::vector<Image> chosen;
  std::ranges::copy_if(held, std::back_inserter(chosen), [&](const Image& image) {
    return image.family == family && suits(image, capability);
  });
  // Machine code before PTX, then the newest, then the most specific: a, f, neither.
  std::ranges::stable_sort(chosen, [](const Image& x, const Image& y) {
    const auto rank = [](const Image& image) {
      return std::tuple(image.ptx, -image.capability, image.suffix == 0, image.suffix);
    };
    return rank(x) < rank(y);
  });
  return chosen;
}

std::string architectures(const std::vector<Image>& held, const std::string& family) {
  std::string list;
  for (const Image& image : held) {
    if (image.family != family) continue;
    list += (list.empty() ? "" : ", ") + std::string(image.ptx ? "compute_" : "sm_") +
            std::to_string(image.capability);
    if (image.suffix) list += image.suffix;
  }
  return list.empty() ? "none" : list;
}

}  // namespace nameplate::cuda
