// Which of the machine's cores a run uses, and why: affinity, hyperthreads, control groups, unlike cores.
//
// One thread for each physical core that the process may run on. A second thread on a core shares its
// multiply-add units, so it adds nothing to a GEMM and makes every figure noisier. Unlike cores (Intel's
// performance and efficiency cores, Arm's big and little) are all used: a machine's own limit is that of all
// of its cores, and our GEMM deals its blocks to whoever is free. Asked for fewer threads, the fast ones are
// taken, and of equals those below the fewest last-level caches.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "backend.h"

namespace nameplate::cpu {

struct Placement {
  std::size_t threads = 1;
  std::size_t most = 1;           // CPUs that the process may run on, and so the most threads that make sense
  std::size_t cores = 1;          // physical cores among them
  std::vector<int> cpus;          // where the threads may run, by the system's numbers
  std::vector<CoreGroup> groups;  // the cores that get a thread, alike ones together, fast ones first
  std::string words;              // "2 threads on 2 of 2 cores; affinity 0-1; no cgroup limit"
};

// The CPUs that this process may run on, by the system's numbers.
std::vector<int> allowedCpus();

// Where `threads` threads go; 0 leaves their number to us: one per core, but no more than the control group's
// quota lets run at once. `threads` above `most` is taken for `most`. `root` is a stand-in for "/" in tests.
Placement place(std::size_t threads, const std::vector<int>& allowed,
                const std::filesystem::path& root = "/");
Placement place(std::size_t threads = 0);

// "0-3,8" as {0, 1, 2, 3, 8}, and back. What is no such list gives none.
std::vector<int> parseCpuList(const std::string& text);
std::string cpuList(const std::vector<int>& cpus);

}  // namespace nameplate::cpu
