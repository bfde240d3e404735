// Other devices that this one reaches directly, and copies between the two.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "backend.h"
#include "cuda/context.h"

namespace nameplate::cuda {

struct Peer {
  Facts facts;  // as they were when it was opened
  SharedContext context;
  std::string over;  // "NVLink", "PCI Express", or empty where NVML does not say
};

// Each is opened on first use, and kept.
class Peers {
 public:
  Peers(SharedContext own, const Facts& facts) : own_(std::move(own)), facts_(facts) {}

  // By id or uuid. Throws Unsupported where the two do not reach each other, with the reason; ENODEV for a
  // device that is not here.
  const Peer& reach(const std::string& id);

  // Of any device that is here, whether or not it is reached.
  std::optional<Facts> identity(const std::string& id) const;

 private:
  Peer open(const std::string& id) const;

  SharedContext own_;
  Facts facts_;
  std::map<std::string, Peer> known_;
};

// From `a` here to `out` there; where `both`, the next bytes come back at the same time.
Kernel driverPeerCopy(const SharedContext& own, const Peer&, bool both, std::size_t bytes);

}  // namespace nameplate::cuda
