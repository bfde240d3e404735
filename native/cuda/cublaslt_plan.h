// One shape as cuBLASLt sees it: descriptors, the algorithms it suggests, and a launch of the one chosen.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "backend.h"
#include "cuda/context.h"
#include "cuda/cublaslt_library.h"

namespace nameplate::cuda {

// The library's handle on one device, and the workspace that its algorithms may use.
class LtSession {
 public:
  explicit LtSession(SharedContext);
  ~LtSession();
  LtSession(const LtSession&) = delete;
  LtSession& operator=(const LtSession&) = delete;

  const SharedContext context;
  const std::unique_ptr<Buffer> workspace;
  LtHandle handle = nullptr;
};

// A descriptor of the library's and the call that gives it back.
template <typename Value, auto Destroy>
struct LtOwned {
  Value value = nullptr;
  LtOwned() = default;
  LtOwned(const LtOwned&) = delete;
  LtOwned& operator=(const LtOwned&) = delete;
  ~LtOwned() {
    if (value) (cublasLt()->*Destroy)(value);
  }
};

// The library counts columns first, so that our C = A B^T is its C^T = B A^T: its first operand is our B,
// transposed, and its second our A. That is the form it has for every format, and for FP8 and int8 the only
// one.
class LtPlan {
 public:
  // Throws Unsupported where the library has no such format. M, N and K are not 0.
  LtPlan(std::shared_ptr<LtSession>, const GemmShape&);

  // Algorithms, the best by the library's own guess first. Throws Unsupported where it has none.
  std::vector<LtAlgorithm> suggestions() const;
  void choose(const LtAlgorithm& algorithm) { algorithm_ = algorithm; }
  // Enqueues one launch of the chosen algorithm. Throws Error with EINVAL for addresses that it cannot take.
  LtStatus launch(const Operands&) const;
  // "algo 66 tile 20 stages 35 split-K 1 cluster 3": the numbers are the library's own.
  std::string describe() const;

  const SharedContext& context() const { return session_->context; }
  // Throws Unsupported where the status says that the library does not do this, Error where it failed.
  void require(LtStatus status, const char* call) const;

 private:
  using Layout = LtOwned<LtLayout, &CublasLt::layoutDestroy>;
  template <typename Value>
  void set(int attribute, Value value);
  void describeMatrix(Layout&, DType, std::size_t rows, std::size_t columns, std::size_t leading);

  std::shared_ptr<LtSession> session_;
  GemmShape shape_;
  std::uint64_t alpha_ = 0;
  LtOwned<LtDescriptor, &CublasLt::descDestroy> descriptor_;
  Layout a_, b_, c_;
  LtAlgorithm algorithm_{};
};

}  // namespace nameplate::cuda
