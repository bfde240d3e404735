// Peer rows: copies from one GPU's memory to another's, one way or both at once.
#include "backend.h"
#include "cpu/memory.h"
#include "random.h"
#include "workload.h"

namespace nameplate {
namespace {

class PeerTrial : public Trial {
 public:
  PeerTrial(Device& device, bool both, const std::string& peer, std::size_t bytes, std::uint64_t seed,
            const std::string& provider)
      : device_(device),
        ways_(both ? 2 : 1),
        bytes_(bytes),
        seed_(seed),
        kernel_(device.peerCopy(peer, both, bytes, provider)),
        here_(device.allocate(ways_ * bytes)),
        there_(device.allocateOn(peer, ways_ * bytes)) {}

  const Kernel& kernel() const override { return kernel_; }

  Work work() const override {
    return {
        .bytes = static_cast<double>(ways_ * bytes_),
        .bytesCounted = ways_ == 2 ? "bytes copied, both directions together" : "bytes copied, one direction",
        .workingSetBytes = static_cast<double>(ways_ * bytes_)};
  }

  void launch(std::size_t) override { kernel_.launch({there_->address(), here_->address(), 0}); }

  // The first halves go there, the second ones come back.
  Verification verify() override {
    std::vector<std::uint64_t> words(bytes_ / 8);
    for (std::size_t i = 0; i < words.size(); ++i) words[i] = patternWord(seed_, i);
    device_.write(*here_, 0, words.data(), bytes_);
    if (ways_ == 2) device_.write(*there_, bytes_, words.data(), bytes_);
    poison();
    launch(0);
    device_.synchronize();
    return compare();
  }

  void poison() override {
    const std::vector<std::uint64_t> words(bytes_ / 8, poisonWord * 0x100000001ull);
    device_.write(*there_, 0, words.data(), bytes_);
    if (ways_ == 2) device_.write(*here_, bytes_, words.data(), bytes_);
  }

  void verifyTimed(Verification& verification, std::size_t) override { verification.add(compare()); }

 private:
  Verification compare() {
    Verification verification;
    verification.method = "every word at the destination against the one computed from the seed";
    verification.bound = "exact";
    compareWords(*there_, 0, " on the peer", verification);
    if (ways_ == 2) compareWords(*here_, bytes_, " here", verification);
    return verification;
  }

  void compareWords(const Buffer& buffer, std::size_t offset, const char* where, Verification& verification) {
    std::vector<std::uint64_t> words(bytes_ / 8);
    device_.read(buffer, offset, words.data(), bytes_);
    verification.compareWords<std::uint64_t>(
        words, [this](std::size_t i) { return patternWord(seed_, i); },
        [where](std::size_t i) { return wordText(i) + where; });
  }

  Device& device_;
  std::size_t ways_, bytes_;
  std::uint64_t seed_;
  Kernel kernel_;
  std::unique_ptr<Buffer> here_, there_;
};

}  // namespace

Workload peerWorkload(Device& device, const PeerOperation& operation, const Shape& shape, Data,
                      std::uint64_t seed) {
  if (shape.peer.empty()) throw Unsupported("one device: there is no peer to copy to");
  const std::size_t bytes = shape.bytes / 16 * 16;
  if (bytes == 0) throw Error("ERANGE", "a peer row needs copies of at least 16 bytes");
  cpu::requireAvailable(2 * static_cast<double>(bytes));  // what is expected, and the poison
  return [&device, both = operation.both, peer = shape.peer, bytes, seed](const std::string& provider) {
    return std::make_unique<PeerTrial>(device, both, peer, bytes, seed, provider);
  };
}

}  // namespace nameplate
