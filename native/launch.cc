// Launch rows: how long the host waits for a kernel that does next to nothing.
//
// What is timed is the round trip: the call, the device's work, and the host's learning of its end. A
// throughput of launches that nobody waits for would be another figure, and a far smaller one.
#include "backend.h"
#include "workload.h"

namespace nameplate {
namespace {

class LaunchTrial : public Trial {
 public:
  LaunchTrial(Device& device, Submission submission, std::size_t kernels, const std::string& provider)
      : device_(device),
        kernels_(kernels),
        kernel_(device.emptyLaunch(submission, kernels, provider)),
        count_(device.allocate(sizeof(std::uint64_t))) {}

  const Kernel& kernel() const override { return kernel_; }

  Work work() const override {
    return {.bytes = 16.0 * static_cast<double>(kernels_),
            .bytesCounted =
                "one word read and written by each kernel; the row is the time of a launch, from the "
                "call until the host knows its end",
            .workingSetBytes = 8,
            .steps = 1};
  }

  void launch(std::size_t) override { kernel_.launch({count_->address(), 0, 0}); }

  Verification verify() override {
    poison();
    launch(0);
    device_.synchronize();
    return compare(1);
  }

  void poison() override { device_.fill(*count_, 0); }

  void verifyTimed(Verification& verification, std::size_t launches) override {
    verification.add(compare(launches));
  }

 private:
  Verification compare(std::size_t launches) {
    const std::uint64_t expected = launches * kernels_;
    std::uint64_t count = 0;
    device_.read(*count_, 0, &count, sizeof count);
    Verification verification;
    verification.method = "the kernels that counted themselves, against those launched";
    verification.bound = "exact";
    verification.compared = kernels_;
    if (count != expected)
      verification.differs(0, "the count of kernels", std::to_string(expected), std::to_string(count));
    return verification;
  }

  Device& device_;
  std::size_t kernels_;
  Kernel kernel_;
  std::unique_ptr<Buffer> count_;
};

}  // namespace

Workload launchWorkload(Device& device, const LaunchOperation& operation, const Shape& shape, Data,
                        std::uint64_t) {
  if (shape.kernels == 0) throw Error("ERANGE", "a launch row needs at least one kernel");
  return [&device, submission = operation.submission, kernels = shape.kernels](const std::string& provider) {
    return std::make_unique<LaunchTrial>(device, submission, kernels, provider);
  };
}

}  // namespace nameplate
