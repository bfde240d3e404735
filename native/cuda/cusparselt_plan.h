// One shape as cuSPARSELt sees it: descriptors, its algorithms, each A in the library's own form, and a
// launch.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backend.h"
#include "cpu/threads.h"
#include "cuda/context.h"
#include "cuda/cusparselt_library.h"

namespace nameplate::cuda {

// The library's handle on one device, and who unpacks matrices for it.
class SpSession {
 public:
  explicit SpSession(SharedContext);
  ~SpSession();
  SpSession(const SpSession&) = delete;
  SpSession& operator=(const SpSession&) = delete;

  const SharedContext context;
  SpObject handle;
  cpu::Threads threads;
};

// An object of the library's, and the call that gives it back, if there is one.
class SpOwned {
 public:
  explicit SpOwned(SpStatus (*destroy)(const SpObject*)) : destroy_(destroy) {}
  SpOwned(const SpOwned&) = delete;
  SpOwned& operator=(const SpOwned&) = delete;
  ~SpOwned() {
    if (made_ && destroy_) destroy_(&object_);
  }
  SpObject* get() { return &object_; }
  const SpObject* get() const { return &object_; }
  // What the call that was to make it returned.
  SpStatus made(SpStatus status) {
    made_ = status == spSuccess;
    return status;
  }

 private:
  SpObject object_{};
  SpStatus (*destroy_)(const SpObject*);
  bool made_ = false;
};

struct SpAlgorithm {
  int id = 0;  // the library's own number
  SpOwned selection{cusparseLt()->selectionDestroy}, plan{cusparseLt()->planDestroy};
  std::size_t workspaceBytes = 0;
};

// A and B lie with rows of K, C with rows of N: the one form that the library has for every format.
class SpPlan {
 public:
  // Throws Unsupported where the library has no such format or does not take the sides. M, N and K are not 0.
  SpPlan(std::shared_ptr<SpSession>, const GemmShape&);
  ~SpPlan() { context()->bindQuietly(); }
  SpPlan(const SpPlan&) = delete;
  SpPlan& operator=(const SpPlan&) = delete;

  // How many there are, the library's own choice the first.
  std::size_t algorithms() const { return algorithms_.size(); }
  void choose(std::size_t algorithm) { chosen_ = algorithm; }
  void keepChosen();
  // Makes the library's form of the A that lies at operands.a as pruning.h packs it.
  void adopt(const Operands&);
  // Enqueues one launch of the chosen algorithm, on an A that was adopted.
  SpStatus launch(const Operands&) const;
  // "algorithm 3", the library's number.
  std::string describe() const;

  const SharedContext& context() const { return session_->context; }
  // Throws Unsupported where the status says that the library does not do this, Error where it failed.
  void require(SpStatus status, const char* call) const;

 private:
  void describeMatrices();
  void findAlgorithms();
  std::unique_ptr<SpAlgorithm> algorithm(std::optional<int> id, int* count);

  std::shared_ptr<SpSession> session_;
  GemmShape shape_;
  SpOwned a_{cusparseLt()->matrixDestroy}, b_{cusparseLt()->matrixDestroy}, c_{cusparseLt()->matrixDestroy};
  SpObject product_;
  std::vector<std::unique_ptr<SpAlgorithm>> algorithms_;  // which plans point to: they stay where they are
  std::size_t chosen_ = 0;
  std::unique_ptr<Buffer> workspace_;
  std::map<std::uintptr_t, std::unique_ptr<Buffer>> adopted_;  // by the address of ours
};

}  // namespace nameplate::cuda
