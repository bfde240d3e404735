// A small pool of threads that lives as long as its Device, and shares an index range among them.
//
// Starting threads for every launch would cost more than a small launch itself. The pool belongs to the
// Device and joins in its destructor: an addon may be loaded in a worker thread and unloaded, and code that a
// detached thread still runs would be gone.
#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "cpu/placement.h"

namespace nameplate::cpu {

class Threads {
 public:
  // As many as place() gives a run, wherever the system puts them.
  Threads() : Threads(place().threads, {}) {}
  // Those of a run that place() gave cores.
  explicit Threads(const Placement& at);
  // The caller's thread counts as one of `count`. All of them, the caller's too, then run on `cpus` only,
  // each on one of its own where there are as many; an empty list leaves them where they may run now.
  // `alike`: whether no core is quicker than another.
  Threads(std::size_t count, const std::vector<int>& cpus, bool alike = true);
  ~Threads();
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

  std::size_t count() const { return workers_.size() + 1; }
  bool alike() const { return alike_; }
  // Bytes of the last-level caches that each of them has; 0 where it is not known.
  std::size_t lastLevel() const { return lastLevel_; }

  // Calls work(0) … work(items - 1), each once, and returns when all have returned. The first `count()` items
  // always meet the same threads, so that a thread finds its share of a buffer where it first touched it; the
  // rest go to whoever is free. After an exception the items not yet begun are skipped, and the first
  // exception reaches the caller. Not to be called from within `work`, nor from two threads at a time.
  void parallel(std::size_t items, const std::function<void(std::size_t)>& work);

  // Cuts [0, size) into one contiguous share per thread, at multiples of `grain`, and calls
  // work(share, begin, end) for each; a small range makes fewer shares.
  template <class Work>
  void shares(std::size_t size, std::size_t grain, const Work& work) {
    if (size == 0) return;
    const std::size_t grains = (size + grain - 1) / grain, each = (grains + count() - 1) / count() * grain;
    parallel((size + each - 1) / each,
             [&](std::size_t share) { work(share, share * each, std::min(size, (share + 1) * each)); });
  }

 private:
  void comeHome() const;
  void live(std::size_t self);
  void take(std::size_t self) noexcept;
  void join() noexcept;

  std::vector<int> cpus_;
  bool alike_;
  std::size_t lastLevel_ = 0;
  std::mutex mutex_;
  std::condition_variable begin_, end_;
  const std::function<void(std::size_t)>* work_ = nullptr;
  std::size_t items_ = 0;
  // Changed under the mutex, and also watched without it.
  std::atomic<std::size_t> round_ = 0;    // which call of parallel(); a worker takes part once in each
  std::atomic<std::size_t> pending_ = 0;  // workers that have not finished this round
  std::atomic<bool> closing_ = false;
  std::exception_ptr fault_;
  std::atomic<std::size_t> next_ = 0;
  std::vector<std::thread> workers_;
};

}  // namespace nameplate::cpu
