// The copy engines: copies within the device and over the link, and fills.
#include <algorithm>
#include <cstring>

#include "setting.h"
#include "stream.h"

namespace nameplate::simulated {
namespace {

bool pinned(const Span& span) {
  try {
    place(span, false);
    return true;
  } catch (const Refusal&) {
    return false;
  }
}

// `host` is the end on the host; with none, the copy stays in the device's memory.
CUresult copy(const char* name, Span to, Span from, const Span* host, CUstream stream) {
  const auto bytes = static_cast<double>(to.bytes);
  const bool pageable = host && !pinned(*host);
  if (pageable) refuseWhileCapturing();
  Work work;
  work.what = std::string(name) + bytesOf(to) + bytesOf(from);
  work.seconds = host ? linkSeconds(current(), bytes, pageable) : movingSeconds(current(), 2 * bytes);
  work.copies = true;
  work.holdsThread = pageable;
  work.reads = {from};
  work.writes = {to};
  work.compute = [count = to.bytes](const auto& reads, const auto& writes) {
    std::memmove(writes[0], reads[0], count);
  };
  enqueue(stream, std::move(work));
  return CUDA_SUCCESS;
}

CUdeviceptr addressOf(const void* host) {
  return reinterpret_cast<CUdeviceptr>(host);
}

}  // namespace

CUresult cuMemcpyHtoDAsync(CUdeviceptr to, const void* from, std::size_t bytes, CUstream stream) {
  const Span host{addressOf(from), bytes};
  require(from && onDevice({to, bytes}));
  return copy("HtoD", {to, bytes}, host, &host, stream);
}

CUresult cuMemcpyDtoHAsync(void* to, CUdeviceptr from, std::size_t bytes, CUstream stream) {
  const Span host{addressOf(to), bytes};
  require(to && onDevice({from, bytes}));
  return copy("DtoH", host, {from, bytes}, &host, stream);
}

CUresult cuMemcpyDtoDAsync(CUdeviceptr to, CUdeviceptr from, std::size_t bytes, CUstream stream) {
  require(onDevice({to, bytes}) && onDevice({from, bytes}));
  return copy("DtoD", {to, bytes}, {from, bytes}, nullptr, stream);
}

CUresult cuMemcpyPeerAsync(CUdeviceptr to, CUcontext toContext, CUdeviceptr from, CUcontext fromContext,
                           std::size_t bytes, CUstream stream) {
  require(onDevice({to, bytes}) && onDevice({from, bytes}) && toContext && fromContext &&
          toContext != fromContext);
  refuseWhileCapturing();
  constexpr double nvlink = 25e9;  // bytes per second, link and direction of the fourth version
  const std::string way = setting("NAMEPLATE_SIMULATE_PEERS", "nvlink");
  const bool fast = way == "nvlink", lost = way == "lossy";
  Work work;
  work.what = "peer" + bytesOf(Span{to, bytes}) + bytesOf(Span{from, bytes});
  const auto size = static_cast<double>(bytes);
  work.seconds = fast ? size / (current().nvlinks * nvlink * 0.9) : linkSeconds(current(), size, false);
  work.copies = true;
  work.reads = {{from, bytes}};
  work.writes = {{to, bytes}};
  work.compute = [bytes, lost](const auto& reads, const auto& writes) {
    if (!lost) std::memmove(writes[0], reads[0], bytes);
  };
  enqueue(stream, std::move(work));
  return CUDA_SUCCESS;
}

CUresult cuMemsetD32Async(CUdeviceptr to, unsigned word, std::size_t words, CUstream stream) {
  require(onDevice({to, words * 4}) && to % 4 == 0);
  Work work;
  work.what = "set" + bytesOf(Span{to, words * 4}) + bytesOf(word);
  work.seconds = movingSeconds(current(), static_cast<double>(words) * 4);
  work.writes = {{to, words * 4}};
  work.compute = [word, words](const auto&, const auto& writes) {
    std::fill_n(reinterpret_cast<unsigned*>(writes[0]), words, word);
  };
  enqueue(stream, std::move(work));
  return CUDA_SUCCESS;
}

}  // namespace nameplate::simulated
