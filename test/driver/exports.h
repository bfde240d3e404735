// What the simulated NVML, cuBLASLt and cuSPARSELt ask of the simulated driver, which alone keeps the state
// of a process: they are linked with it, so that an error of one is seen by all.
#pragma once

#include "fault.h"
#include "gemm.h"

#pragma GCC visibility push(default)
extern "C" {
nameplate::simulated::Fate nameplateSimulatedMeet(const char* call);
unsigned long long nameplateSimulatedUncorrectable();
// That the driver has logged of what lasts, or 0.
unsigned nameplateSimulatedXid();
// The card whose context is current to this thread, or null.
const nameplate::simulated::Card* nameplateSimulatedCard();
nameplate::cuda::CUresult nameplateSimulatedGemm(const nameplate::simulated::Gemm* gemm,
                                                 nameplate::cuda::CUstream stream);
nameplate::cuda::CUresult nameplateSimulatedCompress(const nameplate::simulated::Pruned* pruned,
                                                     const void* dense, void* compressed,
                                                     nameplate::cuda::CUstream stream);
nameplate::cuda::CUresult nameplateSimulatedSparse(const nameplate::simulated::Gemm* gemm, const void* places,
                                                   nameplate::cuda::CUstream stream);
// Adds to the ledger's count of the libraries' objects.
void nameplateSimulatedObjects(int change);
}
#pragma GCC visibility pop
