#include "copy.h"

namespace nameplate {

CopyTrial::CopyTrial(Device& device, Kernel kernel, std::vector<std::unique_ptr<Buffer>> buffers,
                     std::vector<Way> ways, const Operands& operands)
    : device_(device),
      kernel_(std::move(kernel)),
      buffers_(std::move(buffers)),
      ways_(std::move(ways)),
      operands_(operands) {}

Work CopyTrial::work() const {
  const auto bytes = static_cast<double>(ways_.size() * ways_.front().from.bytes());
  return {.bytes = bytes,
          .bytesCounted =
              ways_.size() == 2 ? "bytes copied, both directions together" : "bytes copied, one direction",
          .workingSetBytes = bytes};
}

Verification CopyTrial::verify() {
  for (const Way& way : ways_) way.from.write();
  poison();
  launch(0);
  device_.synchronize();
  return compare();
}

void CopyTrial::poison() {
  for (const Way& way : ways_) way.to.poison();
}

Verification CopyTrial::compare() {
  Verification verification;
  verification.method = "every word at the destination against the one computed from the seed";
  verification.bound = "exact";
  for (const Way& way : ways_) way.to.compare(threads_, verification);
  return verification;
}

Damaged CopyTrial::restore(Verification& found) {
  for (const Way& way : ways_) way.from.restore(threads_, found);
  return found.passed() ? Damaged::output : Damaged::input;
}

}  // namespace nameplate
