#include "cpu/threads.h"

#include <sched.h>

#include <chrono>
#include <memory>
#include <utility>

#include "cpu/caches.h"
#include "thread.h"

namespace nameplate::cpu {

namespace {

// A system that refuses leaves the thread where it was, which is no reason not to measure.
void runOn(const std::vector<int>& cpus) {
  if (cpus.empty()) return;
  const int capacity = cpus.back() + 1;
  const std::size_t bytes = CPU_ALLOC_SIZE(capacity);
  const auto free = [](cpu_set_t* set) { CPU_FREE(set); };
  const std::unique_ptr<cpu_set_t, decltype(free)> set(CPU_ALLOC(capacity), free);
  if (!set) return;
  CPU_ZERO_S(bytes, set.get());
  for (const int cpu : cpus) CPU_SET_S(static_cast<std::size_t>(cpu), bytes, set.get());
  sched_setaffinity(0, bytes, set.get());
}

}  // namespace

Threads::Threads(const Placement& at) : Threads(at.threads, at.cpus, at.groups.size() <= 1) {
  lastLevel_ = static_cast<std::size_t>(lastLevelBytes(at)) / count();
}

Threads::Threads(std::size_t count, const std::vector<int>& cpus, bool alike) : cpus_(cpus), alike_(alike) {
  runOn(cpus);  // the workers inherit it
  try {
    for (std::size_t self = 1; self < count; ++self)
      workers_.push_back(startThread([this, self, count] {
        if (cpus_.size() == count) runOn({cpus_[self]});
        live(self);
      }));
  } catch (...) {
    join();  // a std::thread destroyed while it runs would end the process
    throw;
  }
}

Threads::~Threads() {
  join();
}

void Threads::join() noexcept {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  begin_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

namespace {

// One launch is often followed by another at once, and waking a sleeping thread takes as long as a small
// launch.
template <class Condition>
void watchBriefly(const Condition& met) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(50);
  while (!met() && std::chrono::steady_clock::now() < end) {
  }
}

}  // namespace

// A scheduler may wake a thread on the CPU of the one that woke it, though another is idle: on a machine that
// packs its threads so, each launch after a pause took twice as long. The workers are bound to CPUs of their
// own therefore; the caller only goes to its own, for the threads of other libraries inherit what binds it.
void Threads::comeHome() const {
  if (cpus_.size() != count() || sched_getcpu() == cpus_[0]) return;
  runOn({cpus_[0]});
  runOn(cpus_);
}

void Threads::live(std::size_t self) {
  std::size_t seen = 0;
  for (;;) {
    watchBriefly([&] { return closing_ || round_ != seen; });
    {
      std::unique_lock lock(mutex_);
      begin_.wait(lock, [&] { return closing_ || round_ != seen; });
      if (closing_) return;
      seen = round_;
    }
    take(self);
    const std::lock_guard lock(mutex_);
    if (--pending_ == 0) end_.notify_one();
  }
}

void Threads::take(std::size_t self) noexcept {
  for (std::size_t item = self; item < items_; item = next_.fetch_add(1)) {
    try {
      (*work_)(item);
    } catch (...) {
      next_ = items_;
      const std::lock_guard lock(mutex_);
      if (!fault_) fault_ = std::current_exception();
    }
  }
}

void Threads::parallel(std::size_t items, const std::function<void(std::size_t)>& work) {
  if (items <= 1) {  // waking the others would take longer
    if (items == 1) work(0);
    return;
  }
  comeHome();
  {
    const std::lock_guard lock(mutex_);
    work_ = &work;
    items_ = items;
    next_ = count();
    pending_ = workers_.size();
    ++round_;
  }
  begin_.notify_all();
  take(0);
  watchBriefly([&] { return pending_ == 0; });
  std::unique_lock lock(mutex_);
  end_.wait(lock, [&] { return pending_ == 0; });
  work_ = nullptr;
  if (const std::exception_ptr fault = std::exchange(fault_, nullptr)) std::rethrow_exception(fault);
}

}  // namespace nameplate::cpu
