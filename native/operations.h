// The table of operations: what can be measured, by which providers, on which backend. One row each.
#pragma once

#include <span>
#include <string_view>
#include <variant>

#include "backend.h"

namespace nameplate {

struct GemmOperation {
  DType dtype;
  Accumulator accumulator;
  bool sparse = false;  // A, 2:4
};
struct MemoryOperation {
  Stream stream;
};
struct CacheOperation {
  Stream stream;
  Scope scope;
};
struct LatencyOperation {
  bool onHost;  // whether the memory is the host's, reached over the link
};
struct LaunchOperation {
  Submission submission;
};
struct DpxOperation {
  DpxFunction function;
};
struct PeerOperation {
  bool both;  // directions at once
};
struct LinkOperation {
  Direction direction;
  HostMemory memory;
};

struct Operation {
  std::string_view id;  // "gemm.fp16.acc16", "memory.copy", "link.h2d.pinned"
  std::string_view variant;
  std::variant<GemmOperation, MemoryOperation, CacheOperation, LatencyOperation, LaunchOperation,
               LinkOperation, PeerOperation, DpxOperation>
      what;
  // Providers worth asking, own kernels first; empty where the backend has no such thing. Whether this device
  // can do it is the provider's answer, with its reason.
  std::span<const std::string_view> cpu, cuda;

  std::string_view family() const;
  std::string_view unit() const;
  std::string_view name() const;  // the id without format and variant: "gemm", "memory.copy", "link.h2d"
};

std::span<const Operation> operations();
const Operation* findOperation(std::string_view id);

}  // namespace nameplate
