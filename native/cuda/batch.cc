#include "cuda/batch.h"

namespace nameplate::cuda {
namespace {

class CudaBatch : public Batch {
 public:
  explicit CudaBatch(SharedContext context)
      : context_(std::move(context)), from_(context_->event()), to_(context_->event()) {}
  ~CudaBatch() override { context_->bindQuietly(); }

  double seconds() final {
    context_->bind();
    check(driver().cuEventRecord(from_.get(), context_->stream()), "cuEventRecord");
    enqueue();
    check(driver().cuEventRecord(to_.get(), context_->stream()), "cuEventRecord");
    return context_->seconds(from_, to_);
  }

 protected:
  virtual void enqueue() = 0;
  SharedContext context_;

 private:
  Event from_, to_;
};

class GraphBatch final : public CudaBatch {
 public:
  GraphBatch(SharedContext context, std::size_t launches, const std::function<void(std::size_t)>& launch)
      : CudaBatch(std::move(context)) {
    graph_ = recordGraph(*context_, [&] {
      for (std::size_t i = 0; i < launches; ++i) launch(i);
    });
    context_->synchronize();
  }
  ~GraphBatch() override { context_->bindQuietly(); }

 private:
  void enqueue() override {
    check(driver().cuGraphLaunch(graph_.get(), context_->stream()), "cuGraphLaunch");
  }
  GraphExec graph_;
};

class LaunchBatch final : public CudaBatch {
 public:
  LaunchBatch(SharedContext context, std::size_t launches, std::function<void(std::size_t)> launch)
      : CudaBatch(std::move(context)), launches_(launches), launch_(std::move(launch)) {}

 private:
  void enqueue() override {
    for (std::size_t i = 0; i < launches_; ++i) launch_(i);
  }
  std::size_t launches_;
  std::function<void(std::size_t)> launch_;
};

}  // namespace

GraphExec recordGraph(const Context& context, const std::function<void()>& launches) {
  const CUstream stream = context.stream();
  // Only this thread's calls are held to what a capture allows: NVML's sampling and Node's own work go on.
  check(driver().cuStreamBeginCapture(stream, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL), "cuStreamBeginCapture");
  Graph graph;
  try {
    launches();
  } catch (...) {
    // A stream left capturing would refuse everything after.
    ignore(driver().cuStreamEndCapture(stream, graph.out()));
    throw;
  }
  check(driver().cuStreamEndCapture(stream, graph.out()), "cuStreamEndCapture",
        "a launch did what cannot be recorded");
  GraphExec executable;
  check(driver().cuGraphInstantiateWithFlags(executable.out(), graph.get(), 0),
        "cuGraphInstantiateWithFlags");
  check(driver().cuGraphUpload(executable.get(), stream), "cuGraphUpload");
  return executable;
}

std::unique_ptr<Batch> recordBatch(SharedContext context, std::size_t launches,
                                   const std::function<void(std::size_t)>& launch, bool capturable) {
  context->bind();
  if (capturable) return std::make_unique<GraphBatch>(std::move(context), launches, launch);
  return std::make_unique<LaunchBatch>(std::move(context), launches, launch);
}

}  // namespace nameplate::cuda
