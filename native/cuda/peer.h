// Other devices that this one reaches directly, and copies between the two.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "backend.h"
#include "cuda/context.h"

namespace nameplate::cuda {

// The two reach each other for as long as somebody holds `context`.
struct Peer {
  SharedContext context;
  std::string over;  // "NVLink", "PCI Express", or empty where NVML does not say
};

// What was found of each is kept, but not the way to it: without NVSwitch a GPU has eight at a time, those of
// other processes counted, and whoever measures the peer next may want it for itself.
class Peers {
 public:
  Peers(SharedContext own, const Facts& facts) : own_(std::move(own)), facts_(facts) {}

  // By id or uuid. Throws Unsupported where the two do not reach each other, with the reason; ENODEV for a
  // device that is not here.
  Peer reach(const std::string& id);

  // Of any device that is here, whether or not it is reached.
  std::optional<Facts> identity(const std::string& id) const;

 private:
  struct Known {
    Facts facts;  // as they were when it was first reached
    std::string over;
    std::weak_ptr<const Context> context;
  };

  SharedContext own_;
  Facts facts_;
  std::map<std::string, Known> known_;
};

// From `a` here to `out` there; where `both`, the next bytes come back at the same time.
Kernel driverPeerCopy(const SharedContext& own, const Peer&, bool both, std::size_t bytes);

}  // namespace nameplate::cuda
