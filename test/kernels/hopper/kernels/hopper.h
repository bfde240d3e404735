// Stands in for native/kernels/hopper.h: the same functions, by the emulated machine.
#pragma once

#include <bit>

#include "machine.h"

namespace nameplate::hopper {

inline unsigned sharedMemory() {
  return machine::sharedMemory();
}
inline unsigned rankInCluster() {
  return machine::rank();
}
inline void syncBlock() {
  machine::syncBlock();
}
inline void meetCluster() {
  machine::meetCluster();
}
inline void syncCluster() {
  machine::syncCluster();
}
inline void syncWarpgroup(unsigned barrier) {
  machine::syncWarpgroup(barrier);
}
template <unsigned registers>
void keepRegisters() {
  machine::changeRegisters(registers, false);
}
template <unsigned registers>
void takeRegisters() {
  machine::changeRegisters(registers, true);
}

inline void initialize(unsigned barrier, unsigned count) {
  machine::initialize(barrier, count);
}
inline void fenceInitialized() {
  machine::fence();
}
inline void arriveExpecting(unsigned barrier, unsigned bytes) {
  machine::arrive(barrier, machine::rank(), bytes);
}
inline void arriveAt(unsigned barrier, unsigned rank) {
  machine::arrive(barrier, rank, 0);
}
inline void waitFor(unsigned barrier, unsigned parity) {
  machine::waitFor(barrier, parity);
}

inline void prefetch(const TensorMap& map) {
  machine::prefetch(map);
}
inline void load(unsigned to, const TensorMap& map, unsigned x, unsigned y, unsigned barrier) {
  machine::load(to, map, static_cast<int>(x), static_cast<int>(y), barrier, 1u << machine::rank());
}
inline void loadForAll(unsigned to, const TensorMap& map, unsigned x, unsigned y, unsigned barrier,
                       unsigned short ranks) {
  machine::load(to, map, static_cast<int>(x), static_cast<int>(y), barrier, ranks);
}
inline void store(const TensorMap& map, unsigned x, unsigned y, unsigned from) {
  machine::store(map, static_cast<int>(x), static_cast<int>(y), from);
}
inline void commitStores() {
  machine::commitStores();
}
template <unsigned pending>
void waitForStoresToRead() {
  machine::waitForStoresToRead(pending);
}
inline void fenceForCopyEngine() {
  machine::fence();
}

inline void storeMatrices(unsigned to, const unsigned (&x)[4]) {
  machine::writeMatrices(to, x);
}
inline void storePair(unsigned to, unsigned x, unsigned y) {
  machine::writePair(to, x, y);
}

inline void fenceSums() {
  machine::fenceSums();
}
inline void commitMultiplies() {
  machine::commitMultiplies();
}
template <unsigned pending>
void waitForMultiplies() {
  machine::waitForMultiplies(pending);
}
template <typename Word, unsigned count>
void settle(Word (&)[count]) {}

inline unsigned pack(DType dtype, float low, float high) {
  return encodeSmallFloat(row(dtype), low) | static_cast<unsigned>(encodeSmallFloat(row(dtype), high)) << 16;
}
inline unsigned packBf16(float low, float high) {
  return pack(DType::bf16, low, high);
}
inline unsigned packFp16(float low, float high) {
  return pack(DType::fp16, low, high);
}
template <typename Word>
unsigned bits(Word x) {
  return std::bit_cast<unsigned>(x);
}

}  // namespace nameplate::hopper
