// Streams, events and graphs.
#pragma once

#include "device.h"
#include "work.h"

namespace nameplate::simulated {

// Does the work, or records it where the stream is capturing. What a launch does wrong is found out by the
// next call, as on a card.
void enqueue(CUstream stream, Work work);

// Throws Refusal where a stream of this thread is capturing: what allocates or waits cannot be recorded, and
// the attempt ends the capture.
void refuseWhileCapturing();

}  // namespace nameplate::simulated
