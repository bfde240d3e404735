// The driver: libcuda opened on first use, its calls resolved, its errors given a name and a way out.
//
// Most machines that install this have no GPU, so absence is the ordinary case: it is a value here, and an
// error only to somebody who asks for a device.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "backend.h"
#include "cuda/api.h"

namespace nameplate::cuda {

struct DriverCalls {
#define NAMEPLATE_MEMBER(name, symbol, since, needed, arguments) CUresult(*name) arguments = nullptr;
  NAMEPLATE_DRIVER_CALLS(NAMEPLATE_MEMBER)
#undef NAMEPLATE_MEMBER
};

struct Driver : DriverCalls {
  std::string path;
  int version = 0;                   // the CUDA version that it speaks, major x 1000 + minor x 10
  bool simulated = false;            // the stand-in for tests, which says so by a symbol of its own
  std::filesystem::path root = "/";  // whose sys/ tells of the machine: the stand-in has one of its own
};

// The driver, ready for use. Throws what driverAbsence() would have returned.
const Driver& driver();

// Why there is no driver to use, or nothing.
std::optional<Absence> driverAbsence();

// The library, where it could be opened, even if the driver behind it does not start.
std::optional<Library> driverLibrary();

// Throws Error with CUDA's name for `result` unless it is a success. `call` is the driver's entry point, and
// `remedy`, where given, replaces the usual advice.
void check(CUresult result, const char* call, const std::string& remedy = "");

// CUDA's name for a result: "CUDA_ERROR_OUT_OF_MEMORY".
std::string resultName(CUresult result);

// "13.0" of 13000.
std::string versionText(int version);

// For destructors: a device that has failed refuses the release of everything on it, and there is nothing
// left to say that the failing call did not say.
inline void ignore(CUresult) noexcept {}

}  // namespace nameplate::cuda
