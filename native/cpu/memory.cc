#include "cpu/memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include "cpu/cgroup.h"

namespace nameplate::cpu {
namespace {

constexpr std::size_t hugePage = std::size_t{2} << 20;
constexpr std::size_t line = 64;

// A line of /proc/meminfo, in bytes, or 0.
std::size_t meminfo(const std::string& key) {
  std::ifstream in("/proc/meminfo");
  std::string name, unit;
  for (std::size_t kibibytes; in >> name >> kibibytes; std::getline(in, unit))
    if (name == key) return kibibytes * 1024;
  return 0;
}

// Smaller ones come from the heap: a process has some 65,000 mappings, and each is a page at least.
constexpr std::size_t leastMapping = std::size_t{64} << 10;

// What a mapping takes of the address space: where it starts is the system's choice, and a huge page is
// aligned. The rest of it is never touched. It also keeps neighbours apart, which the kernel would otherwise
// list as one mapping.
std::size_t mappingBytes(std::size_t bytes) {
  return bytes < hugePage ? bytes : bytes + hugePage;
}

// A mapping of its own goes back to the system when it is freed. The heap of the C library keeps freed blocks
// of up to 32 MiB, and a process that is held to 512 MiB then runs out of memory that it has. Small pages
// come all at once: a fault for each took a second of the default run in a virtual machine.
void* map(std::size_t bytes) {
  const int flags = MAP_PRIVATE | MAP_ANONYMOUS | (bytes < hugePage ? MAP_POPULATE : 0);
  void* const memory = mmap(nullptr, mappingBytes(bytes), PROT_READ | PROT_WRITE, flags, -1, 0);
  return memory == MAP_FAILED ? nullptr : memory;
}

[[noreturn]] void refuse(std::size_t bytes, std::size_t available) {
  throw Error("ENOMEM", "the allocation asks for " + std::to_string(bytes) + " bytes and " +
                            std::to_string(available) + " are available" +
                            (bytes > available ? "" : ", more than the process may have (ulimit -v)") +
                            ": use smaller sizes");
}

void* allocateMemory(std::size_t bytes) {
  if (bytes < leastMapping) {  // not asked about: the answer takes longer to find than the memory
    void* const memory = std::aligned_alloc(line, std::max(line, (bytes + line - 1) / line * line));
    if (!memory) refuse(bytes, availableBytes());
    return memory;
  }
  const std::size_t available = availableBytes();
  // The comparison also keeps the sums from overflowing.
  void* const memory = bytes <= available ? map(bytes) : nullptr;
  if (!memory) refuse(bytes, available);
  return memory;
}

// The first address in `memory` that is aligned as a buffer of so many bytes is.
std::uintptr_t aligned(void* memory, std::size_t bytes) {
  const auto at = reinterpret_cast<std::uintptr_t>(memory);
  return bytes < hugePage ? at : (at + hugePage - 1) / hugePage * hugePage;
}

}  // namespace

std::size_t memoryBytes() {
  const std::size_t machine = meminfo("MemTotal:");
  const auto grant = memoryGrant();
  return grant ? std::min(machine, grant->limitBytes) : machine;
}

std::size_t availableBytes() {
  std::size_t available = meminfo("MemAvailable:");
  if (const auto grant = memoryGrant()) available = std::min(available, grant->availableBytes);
  return available - available / 32;  // page tables, thread stacks and the rest of the process grow too
}

void requireAvailable(double rowBytes) {
  const std::size_t available = availableBytes();
  if (rowBytes > static_cast<double>(available))
    throw Error("ENOMEM", "the row takes " + std::to_string(static_cast<std::size_t>(rowBytes)) +
                              " bytes of host memory and " + std::to_string(available) +
                              " are available: use smaller sizes");
}

HostBuffer::HostBuffer(std::size_t bytes, Threads& threads)
    : Buffer(0, bytes), memory_(allocateMemory(bytes)) {
  address_ = aligned(memory_, bytes);
  // Fewer address translations; a kernel without huge pages says no, and nothing is lost.
  if (bytes >= hugePage) (void)madvise(as<void>(), bytes, MADV_HUGEPAGE);
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  threads.shares(bytes, page, [&](std::size_t, std::size_t begin, std::size_t end) {
    for (std::size_t at = begin; at < end; at += page) as<volatile char>()[at] = 0;
  });
}

// Read from the list of mappings: an advice is only that, and nothing else tells whether it was followed.
std::string HostBuffer::where() const {
  std::ifstream in("/proc/self/smaps");
  std::uintptr_t begin = 0, end = 0;
  double huge = 0;
  bool known = false;
  for (std::string text; std::getline(in, text);) {
    unsigned long first = 0, past = 0, kibibytes = 0;
    if (std::sscanf(text.c_str(), "%lx-%lx ", &first, &past) == 2) {
      begin = std::max<std::uintptr_t>(first, address_);
      end = std::min<std::uintptr_t>(past, address_ + bytes_);
    } else if (begin < end && std::sscanf(text.c_str(), "AnonHugePages: %lu kB", &kibibytes) == 1) {
      huge += std::min(static_cast<double>(kibibytes) * 1024, static_cast<double>(end - begin));
      known = true;
    }
  }
  if (!known) return "";
  const int percent = static_cast<int>(100 * huge / static_cast<double>(bytes_) + 0.5);
  if (percent == 0) return "in small pages: the system gave no huge ones";
  return std::to_string(std::min(percent, 100)) + " % in huge pages";
}

HostBuffer::~HostBuffer() {
  if (bytes_ < leastMapping)
    std::free(memory_);
  else
    munmap(memory_, mappingBytes(bytes_));
}

}  // namespace nameplate::cpu
