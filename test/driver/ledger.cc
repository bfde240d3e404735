#include "ledger.h"

#include <fstream>
#include <sstream>

#include "setting.h"

namespace nameplate::simulated {
namespace {

void write(const std::string& line) {
  const std::string path = setting("NAMEPLATE_SIMULATE_LEDGER", "");
  if (!path.empty()) std::ofstream(path, std::ios::app) << line + '\n';
}

}  // namespace

void Ledger::close() const {
  std::ostringstream line;
  line << "{\"allocations\":" << allocations << ",\"pinned\":" << pinned << ",\"streams\":" << streams
       << ",\"events\":" << events << ",\"graphs\":" << graphs << ",\"executables\":" << executables
       << ",\"modules\":" << modules << ",\"libraryObjects\":" << libraryObjects << "}";
  write(line.str());
}

void Ledger::struck(const std::string& call) const {
  write("{\"struck\":\"" + call + "\"}");
}

Ledger& ledger() {
  static Ledger made;
  return made;
}

}  // namespace nameplate::simulated
