// Where Linux describes the machine: small files of one line each.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>

namespace nameplate::cpu {

// Empty where the file is not there or may not be read.
inline std::string firstLine(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::string text;
  std::getline(in, text);
  return text;
}

// What is said of one CPU, by the system's number for it. `root` is "/", or a stand-in for it in tests.
inline std::filesystem::path cpuFolder(const std::filesystem::path& root, int cpu) {
  return root / "sys/devices/system/cpu" / ("cpu" + std::to_string(cpu));
}

}  // namespace nameplate::cpu
