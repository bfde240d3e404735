// What /proc/cpuinfo says of each processor. Its numbers name the microarchitecture; what that is able to do
// is not known here.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "backend.h"

namespace nameplate::cpu {

using ProcessorFields = std::map<std::string, std::string>;

// The fields of each processor, by the system's number for it. `root` is a stand-in for "/" in tests.
std::map<int, ProcessorFields> readProcessors(const std::filesystem::path& root = "/");

std::string processorName(const ProcessorFields&);

// Vendor, family and model on x86; implementer, architecture and part on Arm. No count, kind or clock.
CoreGroup coreGroup(const ProcessorFields&);

}  // namespace nameplate::cpu
