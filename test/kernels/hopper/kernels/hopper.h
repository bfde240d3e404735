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
inline bool anyOfWarpgroup(unsigned barrier, bool mine) {
  return machine::anyOfWarpgroup(barrier, mine);
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

inline void leave(unsigned* to, const unsigned (&x)[4]) {
  machine::leave(to, x);
}
inline unsigned countArrival(unsigned* counter) {
  return machine::countArrival(counter);
}
inline void take(const unsigned* from, unsigned (&x)[4]) {
  for (unsigned i = 0; i < 4; ++i) x[i] = from[i];
}

inline unsigned fetch(const unsigned* from) {
  return *from;
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
inline float added(float sum, unsigned x) {
  return sum + std::bit_cast<float>(x);
}
inline int added(int sum, unsigned x) {
  return sum + static_cast<int>(x);
}
inline unsigned added(unsigned sum, unsigned x) {
  const auto half = [](unsigned word, unsigned shift) {
    return static_cast<float>(decodeSmallFloat(row(DType::fp16), static_cast<std::uint16_t>(word >> shift)));
  };
  return packFp16(half(sum, 0) + half(x, 0), half(sum, 16) + half(x, 16));
}

}  // namespace nameplate::hopper
