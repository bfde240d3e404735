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
constexpr Names withDriver{"builtin", "driver"};
constexpr Names withLibc{"builtin", "libc"};

constexpr auto gemm(DType dtype, Accumulator accumulator = full) {
  return GemmOperation{dtype, accumulator};
}
constexpr auto memory(Stream stream) {
  return MemoryOperation{stream};
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
    Operation{"memory.read", "", memory(Stream::read), own, own},
    Operation{"memory.write", "", memory(Stream::write), own, withDriver},
    Operation{"memory.copy", "", memory(Stream::copy), withLibc, withDriver},
    Operation{"memory.scale", "", memory(Stream::scale), own, own},
    Operation{"memory.add", "", memory(Stream::add), own, own},
    Operation{"memory.triad", "", memory(Stream::triad), own, own},
    Operation{"memory.dot", "", memory(Stream::dot), own, own},
    Operation{"link.h2d.pinned", "pinned", link(Direction::hostToDevice, HostMemory::pinned), {}, driver},
    Operation{
        "link.h2d.pageable", "pageable", link(Direction::hostToDevice, HostMemory::pageable), {}, driver},
    Operation{"link.d2h.pinned", "pinned", link(Direction::deviceToHost, HostMemory::pinned), {}, driver},
    Operation{
        "link.d2h.pageable", "pageable", link(Direction::deviceToHost, HostMemory::pageable), {}, driver},
};

constexpr std::array<std::string_view, 3> families{"gemm", "memory", "link"};

}  // namespace

std::string_view Operation::family() const {
  return families[what.index()];
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
