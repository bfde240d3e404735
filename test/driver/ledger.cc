#include "ledger.h"

#include <cstdio>

#include "setting.h"

namespace nameplate::simulated {

void Ledger::close() const {
  const std::string path = setting("NAMEPLATE_SIMULATE_LEDGER", "");
  std::FILE* file = path.empty() ? nullptr : std::fopen(path.c_str(), "a");
  if (!file) return;
  std::fprintf(file,
               "{\"allocations\":%ld,\"pinned\":%ld,\"streams\":%ld,\"events\":%ld,\"graphs\":%ld,"
               "\"executables\":%ld,\"modules\":%ld}\n",
               allocations, pinned, streams, events, graphs, executables, modules);
  std::fclose(file);
}

Ledger& ledger() {
  static Ledger made;
  return made;
}

}  // namespace nameplate::simulated
