#include "exports.h"

#include "ledger.h"
#include "stream.h"

using namespace nameplate::simulated;

namespace {

template <typename Make>
nameplate::cuda::CUresult enqueued(nameplate::cuda::CUstream stream, Make make) {
  try {
    enqueue(stream, make());
    return nameplate::cuda::CUDA_SUCCESS;
  } catch (const Refusal& refusal) {
    return refusal.code;
  }
}

}  // namespace

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
  return enqueued(stream, [&] { return gemmWork(current(), *gemm); });
}

nameplate::cuda::CUresult nameplateSimulatedCompress(const Pruned* pruned, const void* dense,
                                                     void* compressed, nameplate::cuda::CUstream stream) {
  return enqueued(stream, [&] { return compressWork(current(), *pruned, dense, compressed); });
}

nameplate::cuda::CUresult nameplateSimulatedSparse(const Gemm* gemm, const void* places,
                                                   nameplate::cuda::CUstream stream) {
  return enqueued(stream, [&] { return prunedGemmWork(current(), *gemm, places); });
}

void nameplateSimulatedObjects(int change) {
  ledger().libraryObjects += change;
}
