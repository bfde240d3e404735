#include "cuda/peer.h"

#include <utility>

#include "cuda/facts.h"
#include "cuda/nvml.h"

namespace nameplate::cuda {
namespace {

// What NVML says of the way between two devices. An NVSwitch counts as NVLink, as it does for the hardware.
std::string wayBetween(const Facts& one, const Facts& other) {
  const Nvml* library = nvml();
  if (!library || !library->peerStatus) return "";
  const NvmlDevice here = nvmlDevice(one), there = nvmlDevice(other);
  int status = 0;
  if (!here || !there || library->peerStatus(here, there, nvmlPeerByNvlink, &status) != 0) return "";
  return status == 0 ? "NVLink" : "PCI Express";
}

// That `from` may reach into `to`, for as long as this lives.
class Access {
 public:
  Access(SharedContext from, SharedContext to) : from_(std::move(from)), to_(std::move(to)) {
    from_->bind();
    const CUresult result = driver().cuCtxEnablePeerAccess(to_->handle(), 0);
    if (result == CUDA_ERROR_PEER_ACCESS_ALREADY_ENABLED) return;  // by somebody else, who ends it
    if (result == CUDA_ERROR_TOO_MANY_PEERS)
      throw Unsupported(
          "a GPU of the two has no peer left to give: without NVSwitch it has eight at a time, those of "
          "other processes counted");
    check(result, "cuCtxEnablePeerAccess");
    ours_ = true;
  }
  ~Access() {
    if (!ours_) return;
    from_->bindQuietly();
    ignore(driver().cuCtxDisablePeerAccess(to_->handle()));
  }
  Access(const Access&) = delete;
  Access& operator=(const Access&) = delete;

 private:
  SharedContext from_, to_;
  bool ours_ = false;
};

// There and back.
struct Way {
  Way(const SharedContext& own, const SharedContext& peer) : there(peer), in(peer, own), out(own, peer) {}

  SharedContext there;
  Access in, out;
};

SharedContext contextOf(const std::string& id, CUdevice device) {
  try {
    return std::make_shared<const Context>(device);
  } catch (const Error& error) {
    if (error.code != "CUDA_ERROR_DEVICE_UNAVAILABLE") throw;
    throw Unsupported(id + " is held exclusively by another process (compute mode), or it is gone");
  }
}

}  // namespace

Peer Peers::reach(const std::string& id) {
  if (const auto known = known_.find(id); known != known_.end())
    if (SharedContext context = known->second.context.lock()) return {context, known->second.over};
  const auto [ordinal, other] = namedDevice(id);
  if (other.uuid == facts_.uuid) throw Error("EINVAL", id + " is the device itself, and no peer of it");
  const CUdevice device = deviceAt(ordinal);
  int can = 0;
  check(driver().cuDeviceCanAccessPeer(&can, own_->device(), device), "cuDeviceCanAccessPeer");
  if (can == 0)
    throw Unsupported(
        "the device does not reach the peer directly, says cuDeviceCanAccessPeer; nvidia-smi topo -p2p r "
        "shows which do");
  const auto way = std::make_shared<const Way>(own_, contextOf(id, device));
  const SharedContext context(way, way->there.get());
  known_[id] = {other, wayBetween(facts_, other), context};
  return {context, known_[id].over};
}

std::optional<Facts> Peers::identity(const std::string& id) const {
  if (const auto known = known_.find(id); known != known_.end()) return known->second.facts;
  try {
    return namedDevice(id).facts;
  } catch (const Error&) {  // reach() says why
    return std::nullopt;
  }
}

Kernel driverPeerCopy(const SharedContext& own, const Peer& peer, bool both, std::size_t bytes) {
  Kernel kernel;
  // The peer's number is left out: the row has the one that the reader knows, and here it may be another.
  kernel.name = std::string("cuMemcpyPeerAsync") + (both ? " each way on two streams" : "") +
                (peer.over.empty() ? "" : ", over " + peer.over);
  // Documents give NVLink's rate for one direction, and none for what two directions reach together.
  kernel.resource = peer.over == "NVLink" && !both ? "peer" : "none";
  if (peer.over.empty())
    kernel.note = "whether NVLink or PCI Express joins the two is not known: NVML does not say";
  // A capture does not take copies from context to context; both ways at once, recorded, might share an
  // engine.
  kernel.capturable = false;
  const auto copy = [](std::uintptr_t to, const Context& there, std::uintptr_t from, const Context& here,
                       std::size_t count, CUstream stream) {
    check(driver().cuMemcpyPeerAsync(to, there.handle(), from, here.handle(), count, stream),
          "cuMemcpyPeerAsync");
  };
  const auto other = peer.context;
  if (!both) {
    kernel.launch = [=](const Operands& operands) {
      own->bind();
      copy(operands.out, *other, operands.a, *own, bytes, own->stream());
    };
    return kernel;
  }
  kernel.launch = [=, second = std::make_shared<SideStream>(own)](const Operands& operands) {
    own->bind();
    second->follow();
    copy(operands.out, *other, operands.a, *own, bytes, own->stream());
    copy(operands.a + bytes, *own, operands.out + bytes, *other, bytes, second->stream());
    second->join();
  };
  return kernel;
}

}  // namespace nameplate::cuda
