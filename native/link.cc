// Link rows: copies between host and device memory, one way or both at once, from pinned or pageable memory.
//
// Host memory is the device's own NUMA node's where the system names one, or another node's where the row is
// of that. Of both ways at once, each has its own half of the buffers.
#include <algorithm>

#include "backend.h"
#include "cpu/memory.h"
#include "random.h"
#include "workload.h"

namespace nameplate {
namespace {

constexpr std::size_t grain = 16;

class LinkTrial : public Trial {
 public:
  LinkTrial(Device& device, const LinkOperation& operation, std::size_t bytes, std::uint64_t seed,
            const std::string& provider)
      : device_(device),
        direction_(operation.direction),
        bytes_(bytes),
        seed_(seed),
        kernel_(device.link(operation.direction, operation.memory, bytes, provider)),
        host_(device.allocateHost(ways() * bytes, operation.memory)),
        onDevice_(device.allocate(ways() * bytes)) {
    // The rate of the link is documented, and not that of the way between two nodes, which the system may
    // have chosen where it lets nobody else.
    if (operation.memory == HostMemory::far || !host_->placed()) kernel_.resource = "none";
    if (const std::string where = host_->where(); !where.empty())
      kernel_.note += (kernel_.note.empty() ? "host memory " : "; host memory ") + where;
  }

  const Kernel& kernel() const override { return kernel_; }

  Work work() const override {
    return {.bytes = static_cast<double>(ways() * bytes_),
            .bytesCounted =
                ways() == 2 ? "bytes copied, both directions together" : "bytes copied, one direction",
            .workingSetBytes = static_cast<double>(ways() * bytes_)};
  }

  void launch(std::size_t) override {
    kernel_.launch(direction_ == Direction::deviceToHost
                       ? Operands{host_->address(), onDevice_->address(), 0}
                       : Operands{onDevice_->address(), host_->address(), 0});
  }

  Verification verify() override {
    // What is to be copied; the destinations are poisoned right after.
    std::vector<std::uint64_t> words(wordsEach());
    for (std::size_t i = 0; i < words.size(); ++i) words[i] = patternWord(seed_, i);
    if (toDevice()) std::copy(words.begin(), words.end(), hostWords());
    if (toHost()) device_.write(*onDevice_, onDeviceSource(), words.data(), bytes_);
    poison();
    launch(0);
    device_.synchronize();
    return compare();
  }

  void poison() override {
    const std::vector<std::uint64_t> words(wordsEach(), poisonWord * 0x100000001ull);
    if (toDevice()) device_.write(*onDevice_, 0, words.data(), bytes_);
    if (toHost()) std::copy(words.begin(), words.end(), hostWords() + hostDestination() / 8);
  }

  void verifyTimed(Verification& verification, std::size_t) override { verification.add(compare()); }

 private:
  // The way to the device uses the first half of both buffers, the way back the second.
  bool toDevice() const { return direction_ != Direction::deviceToHost; }
  bool toHost() const { return direction_ != Direction::hostToDevice; }
  std::size_t ways() const { return direction_ == Direction::both ? 2 : 1; }
  std::size_t onDeviceSource() const { return (ways() - 1) * bytes_; }
  std::size_t hostDestination() const { return (ways() - 1) * bytes_; }
  std::size_t wordsEach() const { return bytes_ / 8; }
  std::uint64_t* hostWords() { return reinterpret_cast<std::uint64_t*>(host_->address()); }

  Verification compare() {
    Verification verification;
    verification.method = "every word at the destination against the one computed from the seed";
    verification.bound = "exact";
    if (toDevice()) {
      std::vector<std::uint64_t> arrived(wordsEach());
      device_.read(*onDevice_, 0, arrived.data(), bytes_);
      compareWords(arrived, ways() == 2 ? " on the device" : "", verification);
    }
    if (toHost())
      compareWords({hostWords() + hostDestination() / 8, wordsEach()}, ways() == 2 ? " on the host" : "",
                   verification);
    return verification;
  }

  void compareWords(std::span<const std::uint64_t> words, const char* where,
                    Verification& verification) const {
    verification.compareWords(
        words, [this](std::size_t i) { return patternWord(seed_, i); },
        [where](std::size_t i) { return wordText(i) + where; });
  }

  Device& device_;
  Direction direction_;
  std::size_t bytes_;
  std::uint64_t seed_;
  Kernel kernel_;
  std::unique_ptr<Buffer> host_, onDevice_;
};

}  // namespace

Workload linkWorkload(Device& device, const LinkOperation& operation, const Shape& shape, Data,
                      std::uint64_t seed) {
  const std::size_t bytes = shape.bytes / grain * grain;
  if (bytes == 0) throw Error("ERANGE", "a link row needs copies of at least 16 bytes");
  // The buffer, with a half for each way, and what is expected and the poison.
  cpu::requireAvailable((operation.direction == Direction::both ? 4.0 : 3.0) * static_cast<double>(bytes));
  return [&device, operation, bytes, seed](const std::string& provider) {
    return std::make_unique<LinkTrial>(device, operation, bytes, seed, provider);
  };
}

}  // namespace nameplate
