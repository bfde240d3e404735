#include "cpu/processor.h"

#include <cstdlib>
#include <fstream>

namespace nameplate::cpu {
namespace {

std::string field(const ProcessorFields& fields, const char* key) {
  const auto found = fields.find(key);
  return found == fields.end() ? std::string() : found->second;
}

// Decimal, or hexadecimal with its 0x. Not octal: some lists write leading zeros.
std::size_t number(const std::string& text) {
  const bool hexadecimal = text.starts_with("0x");
  return std::strtoul(text.c_str(), nullptr, hexadecimal ? 16 : 10);
}

}  // namespace

std::map<int, ProcessorFields> readProcessors(const std::filesystem::path& root) {
  std::map<int, ProcessorFields> processors;
  ProcessorFields fields;
  const auto keep = [&] {
    const std::string index = field(fields, "processor");
    if (!index.empty()) processors[std::atoi(index.c_str())] = fields;
    fields.clear();
  };
  std::ifstream in(root / "proc/cpuinfo");
  for (std::string line; std::getline(in, line);) {
    const auto colon = line.find(':');
    if (colon == std::string::npos || colon == 0) {
      keep();  // an empty line ends a processor
      continue;
    }
    const auto keyEnd = line.find_last_not_of(" \t", colon - 1);
    const auto value = line.find_first_not_of(" \t", colon + 1);
    fields[line.substr(0, keyEnd + 1)] = value == std::string::npos ? "" : line.substr(value);
  }
  keep();
  return processors;
}

std::string processorName(const ProcessorFields& fields) {
  if (const std::string model = field(fields, "model name"); !model.empty()) return model;
  if (const std::string part = field(fields, "CPU part"); !part.empty())  // arm64 prints numbers and no name
    return "Arm processor, implementer " + field(fields, "CPU implementer") + ", part " + part;
  return "unnamed processor";
}

CoreGroup coreGroup(const ProcessorFields& fields) {
  CoreGroup group;
  if (const std::string vendor = field(fields, "vendor_id"); !vendor.empty()) {
    group.vendor = vendor;
    group.family = number(field(fields, "cpu family"));
    group.model = number(field(fields, "model"));
  } else {
    group.vendor = field(fields, "CPU implementer");
    group.family = number(field(fields, "CPU architecture"));
    group.model = number(field(fields, "CPU part"));
  }
  return group;
}

}  // namespace nameplate::cpu
