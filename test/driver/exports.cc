#include "exports.h"

#include "ledger.h"
#include "stream.h"

using namespace nameplate::simulated;

Fate nameplateSimulatedMeet(const char* call) {
  return meet(call);
}

unsigned long long nameplateSimulatedUncorrectable() {
  return uncorrectable();
}

unsigned nameplateSimulatedXid() {
  return xid();
}

const Card* nameplateSimulatedCard() {
  try {
    return &current();
  } catch (const Refusal&) {
    return nullptr;
  }
}

nameplate::cuda::CUresult nameplateSimulatedGemm(const Gemm* gemm, nameplate::cuda::CUstream stream) {
  try {
    enqueue(stream, gemmWork(current(), *gemm));
    return nameplate::cuda::CUDA_SUCCESS;
  } catch (const Refusal& refusal) {
    return refusal.code;
  }
}

void nameplateSimulatedObjects(int change) {
  ledger().libraryObjects += change;
}
