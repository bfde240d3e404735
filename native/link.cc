// Link rows: copies between host and device memory, one direction at a time, pinned or pageable.
#include "backend.h"
#include "random.h"
#include "workload.h"

namespace nameplate {
namespace {

class LinkTrial : public Trial {
 public:
  LinkTrial(Device& device, const LinkOperation& operation, std::size_t bytes, std::uint64_t seed,
            const std::string& provider)
      : device_(device),
        toDevice_(operation.direction == Direction::hostToDevice),
        bytes_(bytes),
        seed_(seed),
        kernel_(device.link(operation.direction, operation.memory, bytes, provider)),
        host_(device.allocateHost(bytes, operation.memory)),
        onDevice_(device.allocate(bytes)) {}

  const Kernel& kernel() const override { return kernel_; }

  Work work() const override {
    return {.bytes = static_cast<double>(bytes_),
            .bytesCounted = "bytes copied, one direction",
            .workingSetBytes = static_cast<double>(bytes_)};
  }

  void launch(std::size_t) override {
    kernel_.launch(toDevice_ ? Operands{onDevice_->address(), host_->address(), 0}
                             : Operands{host_->address(), onDevice_->address(), 0});
  }

  Verification verify() override {
    if (toDevice_)
      for (std::size_t i = 0; i < bytes_ / 8; ++i) hostWords()[i] = patternWord(seed_, i);
    else
      device_.fillPattern(*onDevice_, seed_);
    poison();
    launch(0);
    device_.synchronize();
    return compare();
  }

  void poison() override {
    if (toDevice_)
      device_.fill(*onDevice_, poisonWord);
    else
      std::fill_n(hostWords(), bytes_ / 8, poisonWord * 0x100000001ull);
  }

  void verifyTimed(Verification& verification) override {
    verification.add(compare());
    verification.timedLaunchesCompared = true;
  }

 private:
  std::uint64_t* hostWords() { return reinterpret_cast<std::uint64_t*>(host_->address()); }

  Verification compare() {
    Verification verification;
    verification.method = "every word at the destination against the one computed from the seed";
    verification.bound = "exact";
    verification.compared = bytes_ / 8;
    std::vector<std::uint64_t> arrived;
    const std::uint64_t* words = hostWords();
    if (toDevice_) {
      arrived.resize(bytes_ / 8);
      device_.read(*onDevice_, 0, arrived.data(), bytes_);
      words = arrived.data();
    }
    for (std::size_t i = 0; i < bytes_ / 8; ++i)
      if (words[i] != patternWord(seed_, i))
        verification.differs(i, "64-bit word " + std::to_string(i), hex(patternWord(seed_, i)),
                             hex(words[i]));
    return verification;
  }

  Device& device_;
  bool toDevice_;
  std::size_t bytes_;
  std::uint64_t seed_;
  Kernel kernel_;
  std::unique_ptr<Buffer> host_, onDevice_;
};

}  // namespace

Workload linkWorkload(Device& device, const LinkOperation& operation, const Shape& shape, Data,
                      std::uint64_t seed) {
  const std::size_t bytes = shape.bytes / 8 * 8;
  if (bytes == 0) throw Error("ERANGE", "a link row needs copies of at least 8 bytes");
  return [&device, operation, bytes, seed](const std::string& provider) {
    return std::make_unique<LinkTrial>(device, operation, bytes, seed, provider);
  };
}

}  // namespace nameplate
