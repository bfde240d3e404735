// What goes wrong on the native side, with a name that a program can ask for.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

namespace nameplate {

// `code` is CUDA's, cuBLAS's or errno's own name ("CUDA_ERROR_OUT_OF_MEMORY", "EINVAL"); the message says
// what to do next.
struct Error : std::runtime_error {
  Error(std::string code, const std::string& message) : std::runtime_error(message), code(std::move(code)) {}
  std::string code;
};

// This device or provider cannot do it, and the message says why: an `unsupported` row, not a failure.
struct Unsupported : Error {
  explicit Unsupported(const std::string& reason) : Error("ENOTSUP", reason) {}
};

}  // namespace nameplate
