// Read first: how the simulated driver works.
//
// It is libcuda.so.1 on host memory. Every entry point of native/cuda/api.h is a function of this namespace;
// entry.cc hands them out behind a guard that counts calls and plants faults. A launch is a Work (work.h):
// what it reads, what it writes, how to compute that on the processor, and how long the card would have
// taken. Work is done when it is enqueued and the stream's clock moves on by the card's time, so rates are
// the same on any machine. Device addresses are no host addresses: who follows one on the host crashes, and a
// launch that leaves its allocation is an illegal address.
#pragma once

#include "card.h"
#include "cuda/api.h"

namespace nameplate::simulated {

using namespace cuda;

#define NAMEPLATE_DECLARE(name, symbol, since, needed, arguments) CUresult name arguments;
NAMEPLATE_DRIVER_CALLS(NAMEPLATE_DECLARE)
#undef NAMEPLATE_DECLARE

// What api.h has no use for, but a driver says.
inline constexpr auto invalidHandle = static_cast<CUresult>(400),
                      captureUnsupported = static_cast<CUresult>(900),
                      captureInvalidated = static_cast<CUresult>(901),
                      captureWrongThread = static_cast<CUresult>(908);

// Ends an entry point; the guard turns it into the result.
struct Refusal {
  CUresult code;
};
inline void require(bool holds, CUresult otherwise = CUDA_ERROR_INVALID_VALUE) {
  if (!holds) throw Refusal{otherwise};
}

// The device whose context is current to this thread. Throws Refusal where there is none, or where it has
// been released since.
const Card& current();
const Card& cardOf(CUdevice device);

// The slot of the device that this thread uses; the first one's where it uses none yet.
unsigned inUse();

// The CUDA version that the driver speaks, major x 1000 + minor x 10.
int driverVersion();

}  // namespace nameplate::simulated
