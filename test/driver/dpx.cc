#include "dpx.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

namespace nameplate::simulated {
namespace {

// One step of a whole word: both halves of it where the function takes it for two.
std::uint32_t dpxStep(Dpx which, bool even, std::uint32_t x, std::uint32_t addend, std::uint32_t next,
                      std::uint32_t beyond) {
  const auto whole = [](std::uint32_t word) { return static_cast<std::int32_t>(word); };
  if (which == Dpx::addMax) return std::max(whole(x + addend), whole(next));
  if (which == Dpx::max3)
    return even ? std::max({whole(x), whole(next), whole(beyond)})
                : std::min({whole(x), whole(next), whole(beyond)});
  std::uint32_t word = 0;
  for (const int at : {0, 16}) {
    const auto half = [at](std::uint32_t from) { return static_cast<std::int16_t>(from >> at); };
    std::int16_t most = std::max<std::int16_t>(half(x) + half(addend), half(next));
    if (which == Dpx::addMax16Relu) most = std::max<std::int16_t>(most, 0);
    word |= std::uint32_t{static_cast<std::uint16_t>(most)} << at;
  }
  return word;
}

}  // namespace

Work dpxWork(const Card& card, Dpx which, unsigned blocks, const DpxParameters& p) {
  constexpr std::size_t ring = dpxChains * dpxThreads;
  const bool native = card.capability / 10 == 9 || card.capability / 10 == 10;
  const double calls = static_cast<double>(blocks * ring * p.rounds * dpxStepsPerRound);
  Work work;
  work.seconds = operatingSeconds(card, native ? 64 : 16, calls);
  work.reads = {Span{reinterpret_cast<CUdeviceptr>(p.in), (ring + 2 * dpxThreads) * sizeof(std::uint32_t)}};
  work.writes = {Span{reinterpret_cast<CUdeviceptr>(p.out), blocks * ring * sizeof(std::uint32_t)}};
  work.compute = [=](const std::vector<std::byte*>& reads, const std::vector<std::byte*>& writes) {
    const auto* in = reinterpret_cast<const std::uint32_t*>(reads[0]);
    std::vector<std::uint32_t> x(in, in + ring), before(ring);
    for (std::size_t step = 0; step < p.rounds * dpxStepsPerRound; ++step) {
      std::swap(x, before);
      const std::uint32_t* addends = in + ring + step % 2 * dpxThreads;
      for (std::size_t i = 0; i < dpxChains; ++i)
        for (std::size_t t = 0; t < dpxThreads; ++t) {
          const auto of = [&](std::size_t chain) { return before[chain % dpxChains * dpxThreads + t]; };
          x[i * dpxThreads + t] = dpxStep(which, step % 2 == 0, of(i), addends[t], of(i + 1), of(i + 2));
        }
    }
    for (unsigned block = 0; block < blocks; ++block)
      std::memcpy(writes[0] + block * ring * sizeof(std::uint32_t), x.data(), ring * sizeof(std::uint32_t));
  };
  return work;
}

}  // namespace nameplate::simulated
