#include "stream.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "fault.h"
#include "ledger.h"
#include "setting.h"

struct nameplate::cuda::CUgraph_st {
  std::vector<nameplate::simulated::Work> works;
};
struct nameplate::cuda::CUgraphExec_st {
  std::vector<nameplate::simulated::Work> works;
  double seconds = 0;  // of a replay at full clock
  // The generation of a replay that had nothing to compute: until another one, no replay will have.
  std::optional<std::uint64_t> settled;
};
struct nameplate::cuda::CUstream_st {
  const nameplate::simulated::Card* card;
  double seconds = 0;  // of the card's time, spent on what was enqueued so far
  double waited = 0;   // and how much of it somebody has waited for
  std::optional<double> firstReplay{};
  nameplate::cuda::CUgraph capturing = nullptr;
  bool invalidated = false;  // what it captures
};
struct nameplate::cuda::CUevent_st {
  const nameplate::simulated::Card* card;
  std::optional<double> seconds{};
  CUstream stream = nullptr;
};

namespace nameplate::simulated {
namespace {

thread_local CUstream capturing = nullptr;
thread_local double heldUntil = 0;  // of the card's time

void spend(CUstream stream, double seconds) {
  static const double rise = number("NAMEPLATE_SIMULATE_RISE", 1e-30);
  const bool rising = stream->firstReplay && stream->seconds - *stream->firstReplay < rise;
  stream->seconds += rising ? 2 * seconds : seconds;
}

// Returns whether anything was computed.
bool run(CUstream stream, const Work& work, bool replayed) {
  try {
    const bool computed = perform(work, replayed);
    spend(stream, work.seconds);
    return computed;
  } catch (const Refusal&) {
    loseContext();
    return true;
  }
}

// What ends or waits for a capture is no part of one.
void requireIdle(CUstream stream) {
  require(stream, invalidHandle);
  if (!stream->capturing) return;
  stream->invalidated = true;
  throw Refusal{captureUnsupported};
}

}  // namespace

void enqueue(CUstream stream, Work work) {
  require(stream, invalidHandle);  // the default stream, which nobody here uses
  require(stream->card == &current(), invalidHandle);
  require(!stream->invalidated, captureInvalidated);
  if (stream->capturing) {
    stream->capturing->works.push_back(std::move(work));
    return;
  }
  static const double submitting = number("NAMEPLATE_SIMULATE_SUBMIT", 1e-30);
  stream->seconds += submitting;
  if (work.holdsThread) stream->seconds = std::max(stream->seconds, heldUntil);
  run(stream, work, false);
  if (work.holdsThread) heldUntil = stream->seconds;
}

void refuseWhileCapturing() {
  if (capturing) requireIdle(capturing);
}

CUresult cuStreamCreate(CUstream* stream, unsigned flags) {
  require(flags <= 1);
  *stream = new CUstream_st{&current()};
  ++ledger().streams;
  return CUDA_SUCCESS;
}

CUresult cuStreamDestroy(CUstream stream) {
  requireIdle(stream);
  delete stream;
  --ledger().streams;
  return CUDA_SUCCESS;
}

CUresult cuStreamSynchronize(CUstream stream) {
  requireIdle(stream);
  return CUDA_SUCCESS;
}

CUresult cuStreamBeginCapture(CUstream stream, CUstreamCaptureMode mode) {
  require(mode == CU_STREAM_CAPTURE_MODE_THREAD_LOCAL);
  requireIdle(stream);
  require(!capturing, captureUnsupported);  // of one thread at a time is all that is simulated
  stream->capturing = new CUgraph_st;
  ++ledger().graphs;
  capturing = stream;
  return CUDA_SUCCESS;
}

// A capture that was made invalid has no graph.
CUresult cuStreamEndCapture(CUstream stream, CUgraph* graph) {
  require(stream && stream->capturing);
  require(capturing == stream, captureWrongThread);
  capturing = nullptr;
  *graph = std::exchange(stream->capturing, nullptr);
  if (!std::exchange(stream->invalidated, false)) return CUDA_SUCCESS;
  delete std::exchange(*graph, nullptr);
  --ledger().graphs;
  return captureInvalidated;
}

CUresult cuEventCreate(CUevent* event, unsigned flags) {
  require(flags == defaultEvent);
  *event = new CUevent_st{&current()};
  ++ledger().events;
  return CUDA_SUCCESS;
}

CUresult cuEventDestroy(CUevent event) {
  require(event, invalidHandle);
  delete event;
  --ledger().events;
  return CUDA_SUCCESS;
}

CUresult cuEventRecord(CUevent event, CUstream stream) {
  require(event, invalidHandle);
  requireIdle(stream);
  require(event->card == stream->card, invalidHandle);
  event->seconds = stream->seconds;
  event->stream = stream;
  return CUDA_SUCCESS;
}

// Each stream has a clock of its own: what waits goes on no earlier than what it waits for was done.
CUresult cuStreamWaitEvent(CUstream stream, CUevent event, unsigned flags) {
  require(event && flags == 0, invalidHandle);
  requireIdle(stream);
  if (event->seconds) stream->seconds = std::max(stream->seconds, *event->seconds);
  return CUDA_SUCCESS;
}

CUresult cuEventSynchronize(CUevent event) {
  require(event, invalidHandle);
  refuseWhileCapturing();
  if (!event->seconds) return CUDA_SUCCESS;
  // A processor that spun through its samples would starve the other tests of the machine; one that waited as
  // long as the card takes would make them slow.
  constexpr double longest = 1e-3;
  double& waited = event->stream->waited;
  std::this_thread::sleep_for(std::chrono::duration<double>(std::min(*event->seconds - waited, longest)));
  waited = *event->seconds;
  return CUDA_SUCCESS;
}

CUresult cuEventElapsedTime(float* milliseconds, CUevent from, CUevent to) {
  require(from && to && from->seconds && to->seconds && from->card == to->card, invalidHandle);
  *milliseconds = static_cast<float>((*to->seconds - *from->seconds) * 1e3);
  return CUDA_SUCCESS;
}

CUresult cuGraphInstantiateWithFlags(CUgraphExec* executable, CUgraph graph, unsigned long long flags) {
  require(graph && flags == 0);
  *executable = new CUgraphExec_st{graph->works, 0, {}};
  ++ledger().executables;
  return CUDA_SUCCESS;
}

CUresult cuGraphUpload(CUgraphExec executable, CUstream stream) {
  require(executable);
  requireIdle(stream);
  return CUDA_SUCCESS;
}

CUresult cuGraphLaunch(CUgraphExec executable, CUstream stream) {
  require(executable);
  requireIdle(stream);
  require(stream->card == &current(), invalidHandle);
  if (!stream->firstReplay) stream->firstReplay = stream->seconds;
  if (executable->settled == generation()) {
    spend(stream, executable->seconds);
    return CUDA_SUCCESS;
  }
  if (spoil() == Spoil::idle) {
    for (const Work& work : executable->works) spend(stream, work.seconds);
    return CUDA_SUCCESS;
  }
  executable->seconds = 0;
  bool computed = false;
  const Work* before = nullptr;
  for (const Work& work : executable->works) {
    // A copy right after itself changes nothing, and over the link it is never known to stand.
    const bool again = before && work.copies && before->what == work.what;
    if (again) spend(stream, work.seconds);
    if (!again) computed = run(stream, work, true) || computed;
    executable->seconds += work.seconds;
    before = &work;
  }
  if (!computed) executable->settled = generation();
  return CUDA_SUCCESS;
}

CUresult cuGraphExecDestroy(CUgraphExec executable) {
  require(executable);
  delete executable;
  --ledger().executables;
  return CUDA_SUCCESS;
}

CUresult cuGraphDestroy(CUgraph graph) {
  require(graph);
  delete graph;
  --ledger().graphs;
  return CUDA_SUCCESS;
}

}  // namespace nameplate::simulated
