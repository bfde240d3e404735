#include "cuda/xids.h"

#include <algorithm>

#include "cuda/nvml.h"

namespace nameplate::cuda {
namespace {

// An event comes by way of an interrupt, and may be later than the error of the call that it explains.
constexpr unsigned patienceMilliseconds = 100;
constexpr std::size_t mostXids = 16;  // a broken device may go on and on

class NvmlXids final : public Xids {
 public:
  explicit NvmlXids(NvmlEventSet set) : set_(set) {}
  ~NvmlXids() override { nvml()->eventSetFree(set_); }
  NvmlXids(const NvmlXids&) = delete;
  NvmlXids& operator=(const NvmlXids&) = delete;

 private:
  std::vector<unsigned> seen() override {
    for (NvmlEvent event{}; seen_.size() < mostXids;) {
      if (nvml()->eventSetWait(set_, &event, patienceMilliseconds) != 0) break;
      const auto number = static_cast<unsigned>(event.data);
      if (std::ranges::find(seen_, number) == seen_.end()) seen_.push_back(number);
    }
    return seen_;
  }

  NvmlEventSet set_;
  std::vector<unsigned> seen_;
};

}  // namespace

std::unique_ptr<Xids> listenForXids(const Facts& asked) {
  const NvmlDevice device = nvmlDevice(asked);
  if (!device) return nullptr;
  const Nvml& library = *nvml();
  if (!library.eventSetCreate || !library.registerEvents || !library.eventSetWait || !library.eventSetFree)
    return nullptr;
  NvmlEventSet set = nullptr;
  if (library.eventSetCreate(&set) != 0) return nullptr;
  auto xids = std::make_unique<NvmlXids>(set);
  if (library.registerEvents(device, nvmlXid, set) != 0) return nullptr;
  return xids;
}

}  // namespace nameplate::cuda
