// What goes wrong, by NAMEPLATE_FAULT; several faults are separated by commas. CALL is an entry point of
// native/cuda/api.h, N counts its calls in this process from 1 (the default).
//
//   CALL[:N]         the N-th call fails, with the error that this call is most likely to fail with; one that
//   gives
//                    something back has then given it back all the same
//   CALL:N:sticky    it fails with CUDA_ERROR_ILLEGAL_ADDRESS, and so does every call after it
//   hang:CALL[:N]    the N-th call never returns
//   missing:CALL     the driver is too old to have it
//   flip, nan        the result of the first launch that a graph replays is spoilt whenever it is computed
//   from then on:
//                    one bit flipped, one word of ones. Verification launches directly and timing replays
//                    graphs, so a verification before the timing cannot see it
#pragma once

#include <string_view>

#include "cuda/api.h"

namespace nameplate::simulated {

// Counts a call and returns what it is to fail with, or CUDA_SUCCESS. Does not return where the call is to
// hang.
cuda::CUresult meet(std::string_view call);

// From now on every call fails with `code`: the context is lost.
void loseContext(cuda::CUresult code);

bool missing(std::string_view call);

enum class Spoil { none, flip, nan };
Spoil spoil();

}  // namespace nameplate::simulated
