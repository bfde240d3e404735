#include "cuda/launch.h"

#include "cuda/batch.h"
#include "kernels/parameters.h"

namespace nameplate::cuda {
namespace {

TickParameters ticking(const Operands& operands) {
  return {reinterpret_cast<unsigned long long*>(operands.out)};
}

// A graph of ticks on one word, recorded on first use: the word is not known before.
class TickGraph {
 public:
  TickGraph(SharedContext context, OwnKernel tick, std::size_t kernels)
      : context_(std::move(context)), tick_(std::move(tick)), kernels_(kernels) {}
  ~TickGraph() { context_->bindQuietly(); }
  TickGraph(const TickGraph&) = delete;
  TickGraph& operator=(const TickGraph&) = delete;

  void launch(const Operands& operands) {
    context_->bind();
    if (recordedFor_ != operands.out) record(operands);
    check(driver().cuGraphLaunch(executable_.get(), context_->stream()), "cuGraphLaunch");
  }

 private:
  void record(const Operands& operands) {
    executable_ = recordGraph(*context_, [&] {
      for (std::size_t i = 0; i < kernels_; ++i) tick_.launch(1, {chaseThreads, 1}, ticking(operands));
    });
    recordedFor_ = operands.out;
  }

  SharedContext context_;
  OwnKernel tick_;
  std::size_t kernels_;
  GraphExec executable_;
  std::uintptr_t recordedFor_ = 0;
};

}  // namespace

Kernel driverLaunch(OwnKernels& kernels, Submission submission, std::size_t count) {
  const OwnKernel tick = kernels.find("chase", "tick");
  const SharedContext context = kernels.context();
  Kernel kernel;
  kernel.resource = "none";
  // A graph around it would time the graph.
  kernel.capturable = false;
  if (submission == Submission::kernel) {
    if (count != 1)
      throw Unsupported("a launch by itself has one kernel, not " + std::to_string(count) +
                        "; a graph has several");
    kernel.name = "cuLaunchKernel of tick (" + tick.image() + "), then cuStreamSynchronize";
    kernel.launch = [tick, context](const Operands& operands) {
      tick.launch(1, {chaseThreads, 1}, ticking(operands));
      context->synchronize();
    };
    return kernel;
  }
  kernel.name = "cuGraphLaunch of " + std::to_string(count) + (count == 1 ? " tick" : " ticks") + " (" +
                tick.image() + "), then cuStreamSynchronize";
  const auto graph = std::make_shared<TickGraph>(context, tick, count);
  kernel.launch = [graph, context](const Operands& operands) {
    graph->launch(operands);
    context->synchronize();
  };
  return kernel;
}

}  // namespace nameplate::cuda
