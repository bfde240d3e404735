// The CPU backend's three functions: what is here, what it is made of, and its one device.
#include "backend.h"

#include <string>
#include <vector>

#include "cpu/device.h"
#include "cpu/facts.h"
#include "cpu/onednn.h"
#include "cpu/openblas.h"
#include "cpu/placement.h"

namespace nameplate {
namespace {

using namespace cpu;

std::vector<Facts> devices(std::size_t threads, std::vector<Absence>& absences) {
  if (!OpenBlas::find()) absences.push_back(OpenBlas::absence());
  if (!OneDnn::find()) absences.push_back(OneDnn::absence());
  return {facts(place(threads))};
}

std::vector<Library> libraries() {
  std::vector<Library> found;
  if (const OpenBlas* const blas = OpenBlas::find()) found.push_back(blas->library());
  if (const OneDnn* const dnn = OneDnn::find()) found.push_back(dnn->library());
  return found;
}

std::unique_ptr<Device> open(const std::string& id, std::size_t threads) {
  if (id != "cpu")
    throw Error("ENODEV", "the CPU backend has no device \"" + id + "\": its only one is \"cpu\"");
  Placement at = place(threads);
  if (threads > at.most)
    throw Error("ERANGE", std::to_string(threads) + " threads are more than the " + std::to_string(at.most) +
                              " CPUs that this process may run on");
  return std::make_unique<CpuDevice>(std::move(at));
}

}  // namespace

const Backend cpuBackend{devices, libraries, open};

}  // namespace nameplate
