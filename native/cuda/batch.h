// Many launches timed as one, between two events.
//
// Launches enqueued one by one leave gaps of a few microseconds between kernels, and a short kernel's figure
// is then mostly gap. So launches that can be are recorded into a graph, which the device replays by itself.
#pragma once

#include <functional>
#include <memory>

#include "backend.h"
#include "cuda/context.h"

namespace nameplate::cuda {

// What `launches` enqueues on the context's stream, as a graph that is ready to be launched. `launches` is
// called once, and nothing it enqueues runs. The context is bound. Throws Error.
GraphExec recordGraph(const Context&, const std::function<void()>& launches);

// Throws Error where the recording fails; it is never quietly replaced by launching one by one.
std::unique_ptr<Batch> recordBatch(SharedContext, std::size_t launches,
                                   const std::function<void(std::size_t)>& launch, bool capturable);

}  // namespace nameplate::cuda
