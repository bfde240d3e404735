#include "stream.h"

#include <chrono>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "fault.h"
#include "ledger.h"

struct nameplate::cuda::CUgraph_st {
  std::vector<nameplate::simulated::Work> works;
};
struct nameplate::cuda::CUgraphExec_st {
  std::vector<nameplate::simulated::Work> works;
};
struct nameplate::cuda::CUstream_st {
  double seconds = 0;  // of the card's time, spent on what was enqueued so far
  nameplate::cuda::CUgraph capturing = nullptr;
};
struct nameplate::cuda::CUevent_st {
  std::optional<double> seconds;
};

namespace nameplate::simulated {
namespace {

thread_local int capturing = 0;

void run(CUstream stream, const Work& work, bool replayed) {
  try {
    perform(work, replayed);
    stream->seconds += work.seconds;
  } catch (const Refusal& refusal) {
    loseContext(refusal.code);
  }
}

// What ends or waits for a capture is no part of one.
void requireIdle(CUstream stream) {
  require(stream, invalidHandle);
  require(!stream->capturing, captureUnsupported);
}

}  // namespace

void enqueue(CUstream stream, Work work) {
  require(stream, invalidHandle);  // the default stream, which nobody here uses
  if (!stream->capturing) return run(stream, work, false);
  stream->capturing->works.push_back(std::move(work));
}

void refuseWhileCapturing() {
  require(capturing == 0, captureUnsupported);
}

CUresult cuStreamCreate(CUstream* stream, unsigned) {
  current();
  *stream = new CUstream_st;
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

CUresult cuStreamBeginCapture(CUstream stream, CUstreamCaptureMode) {
  requireIdle(stream);
  stream->capturing = new CUgraph_st;
  ++ledger().graphs;
  ++capturing;
  return CUDA_SUCCESS;
}

CUresult cuStreamEndCapture(CUstream stream, CUgraph* graph) {
  require(stream && stream->capturing);
  *graph = std::exchange(stream->capturing, nullptr);
  --capturing;
  return CUDA_SUCCESS;
}

CUresult cuEventCreate(CUevent* event, unsigned) {
  current();
  *event = new CUevent_st;
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
  event->seconds = stream->seconds;
  return CUDA_SUCCESS;
}

CUresult cuEventSynchronize(CUevent event) {
  require(event, invalidHandle);
  refuseWhileCapturing();
  // A processor that spun through its samples would starve the other tests of the machine.
  std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return CUDA_SUCCESS;
}

CUresult cuEventElapsedTime(float* milliseconds, CUevent from, CUevent to) {
  require(from && to && from->seconds && to->seconds, invalidHandle);
  *milliseconds = static_cast<float>((*to->seconds - *from->seconds) * 1e3);
  return CUDA_SUCCESS;
}

CUresult cuGraphInstantiateWithFlags(CUgraphExec* executable, CUgraph graph, unsigned long long flags) {
  require(graph && flags == 0);
  *executable = new CUgraphExec_st{graph->works};
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
  for (const Work& work : executable->works) run(stream, work, true);
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
