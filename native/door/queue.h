// One thread that does a device's work in the order in which it was asked.
//
// libuv's pool would run two calls on one device at once, and in either order; a queue per device gives what
// a program expects of a device: write, multiply, read, in that order, without an await between them.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "thread.h"

namespace nameplate {

class Queue {
 public:
  Queue() : thread_(startThread([this] { work(); })) {}
  ~Queue() { stop(); }
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;

  void post(std::function<void()> task) {
    {
      const std::scoped_lock lock(mutex_);
      tasks_.push_back(std::move(task));
    }
    wake_.notify_one();
  }

  // Drops what has not begun and waits for what has.
  void stop() {
    {
      const std::scoped_lock lock(mutex_);
      stopping_ = true;
      tasks_.clear();
    }
    wake_.notify_one();
    if (thread_.joinable()) thread_.join();
  }

 private:
  void work() {
    for (;;) {
      std::function<void()> task;
      {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
        if (stopping_) return;
        task = std::move(tasks_.front());
        tasks_.pop_front();
      }
      task();  // never throws: every task settles its own promise
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> tasks_;
  bool stopping_ = false;
  std::thread thread_;  // last: it starts when everything above it stands
};

}  // namespace nameplate
