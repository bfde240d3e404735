#include "operations.h"

#include <algorithm>
#include <array>

namespace nameplate {
namespace {

using enum DType;
using enum Accumulator;
using Names = std::array<std::string_view, 2>;

constexpr std::array<std::string_view, 1> own{"builtin"};
constexpr std::array<std::string_view, 1> driver{"driver"};
constexpr std::array<std::string_view, 3> withBoth{"builtin", "openblas", "onednn"};
constexpr Names withOpenblas{"builtin", "openblas"};
constexpr Names withOnednn{"builtin", "onednn"};
constexpr Names withCublaslt{"builtin", "cublaslt"};
constexpr Names withCusparselt{"builtin", "cusparselt"};
constexpr Names withDriver{"builtin", "driver"};
constexpr Names withLibc{"builtin", "libc"};

constexpr auto gemm(DType dtype, Accumulator accumulator = full) {
  return GemmOperation{dtype, accumulator};
}
constexpr auto sparse(DType dtype, Accumulator accumulator = full) {
  return GemmOperation{dtype, accumulator, true};
}
constexpr auto memory(Stream stream) {
  return MemoryOperation{stream};
}
constexpr auto cache(Stream stream, Scope scope) {
  return CacheOperation{stream, scope};
}
constexpr auto link(Direction direction, HostMemory memory) {
  return LinkOperation{direction, memory};
}

constexpr std::array table{
    Operation{"gemm.fp64", "", gemm(fp64), withOpenblas, withCublaslt},
    Operation{"gemm.fp32", "", gemm(fp32), withBoth, withCublaslt},
    Operation{"gemm.tf32", "", gemm(tf32), own, withCublaslt},
    Operation{"gemm.fp16", "", gemm(fp16), own, withCublaslt},
    Operation{"gemm.fp16.acc16", "acc16", gemm(fp16, half), own, withCublaslt},
    Operation{"gemm.bf16", "", gemm(bf16), own, withCublaslt},
    Operation{"gemm.fp8e4m3", "", gemm(fp8e4m3), own, withCublaslt},
    Operation{"gemm.fp8e4m3.fast", "fast", gemm(fp8e4m3, fast), {}, withCublaslt},
    Operation{"gemm.fp8e5m2", "", gemm(fp8e5m2), own, withCublaslt},
    Operation{"gemm.fp8e5m2.fast", "fast", gemm(fp8e5m2, fast), {}, withCublaslt},
    Operation{"gemm.int8", "", gemm(int8), withOnednn, withCublaslt},
    Operation{"gemm.tf32.sparse", "sparse", sparse(tf32), {}, withCusparselt},
    Operation{"gemm.fp16.sparse", "sparse", sparse(fp16), {}, withCusparselt},
    Operation{"gemm.bf16.sparse", "sparse", sparse(bf16), {}, withCusparselt},
    Operation{"gemm.fp8e4m3.sparse", "sparse", sparse(fp8e4m3, fast), {}, withCusparselt},
    Operation{"gemm.int8.sparse", "sparse", sparse(int8), {}, withCusparselt},
    Operation{"memory.read", "", memory(Stream::read), own, own},
    Operation{"memory.write", "", memory(Stream::write), own, withDriver},
    Operation{"memory.copy", "", memory(Stream::copy), withLibc, withDriver},
    Operation{"memory.scale", "", memory(Stream::scale), own, own},
    Operation{"memory.add", "", memory(Stream::add), own, own},
    Operation{"memory.triad", "", memory(Stream::triad), own, own},
    Operation{"memory.dot", "", memory(Stream::dot), own, own},
    Operation{"cache.read.core", "core", cache(Stream::read, Scope::core), own, own},
    Operation{"cache.copy.core", "core", cache(Stream::copy, Scope::core), own, {}},
    Operation{"cache.read.device", "device", cache(Stream::read, Scope::device), {}, own},
    Operation{"cache.copy.device", "device", cache(Stream::copy, Scope::device), {}, own},
    Operation{"dpx.viaddmax", "", DpxOperation{DpxFunction::addMax}, {}, own},
    Operation{"dpx.viaddmax.s16x2", "s16x2", DpxOperation{DpxFunction::addMax16}, {}, own},
    Operation{"dpx.viaddmax.s16x2.relu", "s16x2.relu", DpxOperation{DpxFunction::addMax16Relu}, {}, own},
    Operation{"dpx.vimax3", "", DpxOperation{DpxFunction::max3}, {}, own},
    Operation{"latency.memory", "", LatencyOperation{false}, own, own},
    Operation{"latency.host", "", LatencyOperation{true}, {}, own},
    Operation{"launch.kernel", "", LaunchOperation{Submission::kernel}, {}, driver},
    Operation{"launch.graph", "", LaunchOperation{Submission::graph}, {}, driver},
    Operation{"link.h2d.pinned", "pinned", link(Direction::hostToDevice, HostMemory::pinned), {}, withDriver},
    Operation{
        "link.h2d.pageable", "pageable", link(Direction::hostToDevice, HostMemory::pageable), {}, driver},
    Operation{"link.d2h.pinned", "pinned", link(Direction::deviceToHost, HostMemory::pinned), {}, withDriver},
    Operation{
        "link.d2h.pageable", "pageable", link(Direction::deviceToHost, HostMemory::pageable), {}, driver},
    Operation{"link.both.pinned", "pinned", link(Direction::both, HostMemory::pinned), {}, withDriver},
    Operation{"link.both.pageable", "pageable", link(Direction::both, HostMemory::pageable), {}, driver},
    Operation{"link.h2d.far", "far", link(Direction::hostToDevice, HostMemory::far), {}, driver},
    Operation{"link.d2h.far", "far", link(Direction::deviceToHost, HostMemory::far), {}, driver},
    Operation{"peer.copy", "", PeerOperation{false}, {}, driver},
    Operation{"peer.both", "", PeerOperation{true}, {}, driver},
};

struct Family {
  std::string_view name, unit;
};
// In the order of Operation::what.
constexpr std::array<Family, 8> families{{{"gemm", "FLOP/s"},
                                          {"memory", "B/s"},
                                          {"cache", "B/s"},
                                          {"latency", "s"},
                                          {"launch", "s"},
                                          {"link", "B/s"},
                                          {"peer", "B/s"},
                                          {"dpx", "op/s"}}};

}  // namespace

std::string_view Operation::family() const {
  return families[what.index()].name;
}

std::string_view Operation::unit() const {
  return families[what.index()].unit;
}

std::string_view Operation::name() const {
  if (std::holds_alternative<GemmOperation>(what)) return family();
  return variant.empty() ? id : id.substr(0, id.size() - variant.size() - 1);
}

std::span<const Operation> operations() {
  return table;
}

const Operation* findOperation(std::string_view id) {
  const auto found = std::ranges::find(table, id, &Operation::id);
  return found == table.end() ? nullptr : &*found;
}

}  // namespace nameplate
