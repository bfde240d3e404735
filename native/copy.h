// Copies from one memory to another, one way or both at once: what link and peer rows have in common.
#pragma once

#include <memory>
#include <vector>

#include "pattern.h"
#include "workload.h"

namespace nameplate {

class CopyTrial final : public Trial {
 public:
  // What lies at `from` is to arrive at `to`.
  struct Way {
    Pattern from, to;
  };

  // The ways are of parts of the buffers, each of the same size, and `operands` their addresses.
  CopyTrial(Device&, Kernel, std::vector<std::unique_ptr<Buffer>>, std::vector<Way>, const Operands&);

  const Kernel& kernel() const override { return kernel_; }
  Work work() const override;
  void launch(std::size_t) override { kernel_.launch(operands_); }
  Verification verify() override;
  void poison() override;
  void verifyTimed(Verification& verification, std::size_t) override { verification.add(compare()); }
  Damaged restore(Verification& found) override;

 private:
  Verification compare();

  Device& device_;
  Kernel kernel_;
  std::vector<std::unique_ptr<Buffer>> buffers_;
  std::vector<Way> ways_;
  Operands operands_;
  cpu::Threads threads_;
};

}  // namespace nameplate
