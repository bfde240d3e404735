// What goes wrong, by NAMEPLATE_FAULT; several faults are separated by commas. CALL is an entry point of the
// driver, of NVML, of cuBLASLt or of cuSPARSELt, by its name in the tables of native/cuda/. N counts its
// calls from 1 (the default), in this process and since the variable last changed: a process may change it
// between two calls.
//
//   CALL[:N]         the N-th call fails, with the error that this call is most likely to fail with; one that
//                    gives something back has then given it back all the same
//   CALL:N:sticky    it fails, and so does every later call into the same library: the driver's with
//                    CUDA_ERROR_ILLEGAL_ADDRESS
//   CALL:N:ecc       it meets memory that failed beyond correction: it and every later call of the driver
//                    fail with CUDA_ERROR_ECC_UNCORRECTABLE, and NVML counts one more
//   CALL:N:gone      the device falls off the bus: from then on the driver says CUDA_ERROR_UNKNOWN, NVML that
//                    the GPU is lost, and a later process finds no such device (NAMEPLATE_SIMULATE_BUS)
//   hang:CALL[:N]    the N-th call never returns
//   crash:CALL[:N]   the N-th call ends the process, by SIGABRT
//   lose:CALL[:N]    NVML counts one more error that the first card did not correct; the N-th call succeeds
//   missing:CALL     the driver is too old to have it
//   flip, nan        the result of the first launch that a graph replays is spoilt whenever it is computed
//                    from then on: one bit flipped, one word of ones. Verification launches directly and
//                    timing replays graphs, so a verification before the timing cannot see it. A direct
//                    launch that writes there, as after the choice among candidates, makes another the first
//   idle             a graph that is replayed takes its time, and computes nothing
#pragma once

#include <string_view>

namespace nameplate::simulated {

// What becomes of a call, and of those after it.
enum class Fate { works, fails, sticky, ecc, gone };

// Counts a call and says what becomes of it. Does not return where the call is to hang.
Fate meet(std::string_view call);

// From now on every call of the driver fails: a launch left its allocation.
void loseContext();

// Uncorrectable errors of memory that were met.
unsigned long long uncorrectable();

// What the driver has logged of an error that lasts: 31 of a wild access, 94 of memory that failed, else 0.
unsigned xid();

bool missing(std::string_view call);

enum class Spoil { none, flip, nan, idle };
Spoil spoil();

}  // namespace nameplate::simulated
