// What native/cpu/memory.cc and cgroup.cc say of memory, and what buffers do to the process.
//   memory ROOT       limit and available bytes of the control groups below ROOT
//   memory touched    resident bytes that small buffers add, of 64 MiB
//   memory freed      resident bytes that are left when buffers of 128 MiB are gone
//   memory asked      how often files are read for 1000 buffers of 64 bytes
//   memory placed     how buffers are aligned, and whether two that follow each other touch
//   memory rotations CACHE FREE PROVIDERS SIDE    what rotations.h prints
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "cpu/cgroup.h"
#include "cpu/memory.h"
#include "rotations.h"

using namespace nameplate::cpu;

namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20;

long resident() {
  std::ifstream in("/proc/self/statm");
  long all = 0, pages = 0;
  in >> all >> pages;
  return pages * sysconf(_SC_PAGESIZE);
}

// How often this process has read from a file so far.
long reads() {
  std::ifstream in("/proc/self/io");
  std::string name;
  for (long value; in >> name >> value;)
    if (name == "syscr:") return value;
  return 0;
}

std::vector<std::unique_ptr<HostBuffer>> buffers(std::size_t count, std::size_t bytes, Threads& threads) {
  std::vector<std::unique_ptr<HostBuffer>> made;
  for (std::size_t i = 0; i < count; ++i) {
    made.push_back(std::make_unique<HostBuffer>(bytes, threads));
    // What outlives them, between them: a heap shrinks from its end only.
    static std::vector<std::unique_ptr<char[]>> kept;
    kept.push_back(std::make_unique<char[]>(2000));
  }
  return made;
}

// The least that is promised for these sizes, or 0 where it is not kept.
void printPlaced(Threads& threads) {
  struct Size {
    std::size_t bytes, alignment;
  };
  const char* between = "aligned to ";
  for (const auto& [bytes, alignment] :
       {Size{1, 64}, Size{65535, 64}, Size{65536, 4096}, Size{2 * mebibyte, 2 * mebibyte},
        Size{3 * mebibyte + 8, 2 * mebibyte}}) {
    std::size_t kept = alignment;
    for (const auto& buffer : buffers(3, bytes, threads)) {
      if (buffer->address() % alignment != 0) kept = 0;
      std::memset(buffer->as<char>(), 1, bytes);
    }
    std::cout << between << kept;
    between = ", ";
  }
  bool apart = true;
  const auto held = buffers(8, 2 * mebibyte, threads);
  for (const auto& one : held)
    for (const auto& other : held) apart &= one->address() + one->bytes() != other->address();
  std::cout << (apart ? "; apart" : "; side by side") << "\n";
}

}  // namespace

int main(int count, char** arguments) {
  if (count == 6) {
    const auto number = [&](int index) { return std::strtoul(arguments[index], nullptr, 10); };
    printRotations(static_cast<double>(number(2)), number(3), number(4), number(5));
    return 0;
  }
  if (count != 2) return 2;
  Threads threads(2, {});
  const long before = resident();
  if (std::strcmp(arguments[1], "touched") == 0) {
    const auto held = buffers(64, mebibyte, threads);
    std::cout << resident() - before << "\n";
  } else if (std::strcmp(arguments[1], "freed") == 0) {
    buffers(1, 16 * mebibyte, threads);  // from now on, glibc takes as much from its heap
    buffers(4, 16 * mebibyte, threads);
    buffers(64, mebibyte, threads);
    std::cout << resident() - before << "\n";
  } else if (std::strcmp(arguments[1], "asked") == 0) {
    const long already = reads();
    buffers(1000, 64, threads);
    std::cout << reads() - already << "\n";
  } else if (std::strcmp(arguments[1], "placed") == 0) {
    printPlaced(threads);
  } else {
    const auto grant = memoryGrant(arguments[1]);
    std::cout << "limit " << (grant ? grant->limitBytes : 0) << "\navailable "
              << (grant ? grant->availableBytes : 0) << "\n";
  }
}
