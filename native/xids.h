// NVIDIA's numbers for what went wrong on a device, as its driver writes them to the kernel's log: what its
// support asks for first, and a user without rights to that log does not see.
#pragma once

#include <string>
#include <vector>

namespace nameplate {

class Xids {
 public:
  virtual ~Xids() = default;

  // To be added to the message of a failure: those since this was made; empty where there were none. Waits
  // for a late one.
  std::string afterFailure() {
    std::string numbers;
    for (const unsigned xid : seen()) numbers += (numbers.empty() ? "" : ", ") + std::to_string(xid);
    if (numbers.empty()) return "";
    return "; meanwhile the driver logged Xid " + numbers + ", which NVIDIA's list of Xid errors explains";
  }

 private:
  virtual std::vector<unsigned> seen() = 0;  // each once, in their order
};

}  // namespace nameplate
