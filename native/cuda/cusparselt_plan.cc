#include "cuda/cusparselt_plan.h"

#include <algorithm>

#include "cuda/buffer.h"
#include "cuda/gemm.h"
#include "pruning.h"

namespace nameplate::cuda {
namespace {

constexpr std::size_t mostWorkspaceBytes = std::size_t{256} << 20;
constexpr std::uint32_t alignment = 16;  // of matrices, in bytes, as the library is told

void* pointer(std::uintptr_t address) {
  return reinterpret_cast<void*>(address);
}

}  // namespace

SpSession::SpSession(SharedContext onContext) : context(std::move(onContext)), handle{} {
  const CusparseLt& library = *cusparseLt();
  if (const SpStatus status = library.create(&handle); status != spSuccess)
    throw Unsupported("cuSPARSELt " + library.version + " at " + library.path +
                      " does not start on this device: " + library.statusName(status) +
                      "; it begins with compute capability 8.0, and each of its packages is for one CUDA");
}

SpSession::~SpSession() {
  context->bindQuietly();
  cusparseLt()->destroy(&handle);
}

SpPlan::SpPlan(std::shared_ptr<SpSession> session, const GemmShape& shape)
    : session_(std::move(session)), shape_(shape), product_{} {
  if (!shape.sparse)
    throw Unsupported("cuSPARSELt has no GEMM in " + gemmText(shape) + ": it wants an A with 2:4 sparsity");
  describeMatrices();
  findAlgorithms();
}

void SpPlan::require(SpStatus status, const char* call) const {
  constexpr SpStatus refusals[] = {spInvalidValue, spArchitectureMismatch, spTypeNotSupported, spNotSupported,
                                   spInsufficientResources};
  if (std::ranges::count(refusals, status))
    throw Unsupported("cuSPARSELt " + cusparseLt()->version + " does not multiply " + shapeText(shape_) +
                      ": " + call + " says " + cusparseLt()->statusName(status));
  cusparseLt()->check(status, call);
}

void SpPlan::describeMatrices() {
  const CusparseLt& library = *cusparseLt();
  const SpObject* handle = &session_->handle;
  const DataType in = dataType(shape_.dtype), out = dataType(row(shape_.dtype).output);
  const auto m = static_cast<std::int64_t>(shape_.m), n = static_cast<std::int64_t>(shape_.n),
             k = static_cast<std::int64_t>(shape_.k);
  require(a_.made(library.structured(handle, a_.get(), m, k, k, alignment, in, spRowMajor, spHalfOfThem)),
          "cusparseLtStructuredDescriptorInit");
  const auto dense = [&](SpOwned& made, std::int64_t rows, std::int64_t columns, std::size_t leading,
                         DataType type) {
    require(made.made(library.dense(handle, made.get(), rows, columns, static_cast<std::int64_t>(leading),
                                    alignment, type, spRowMajor)),
            "cusparseLtDenseDescriptorInit");
  };
  dense(b_, n, k, shape_.ldb, in);
  dense(c_, m, n, shape_.ldc, out);
  const int compute = shape_.dtype == DType::int8 ? spComputeInt : spComputeFp32;
  require(library.product(handle, &product_, spPlain, spTransposed, a_.get(), b_.get(), c_.get(), c_.get(),
                          compute),
          "cusparseLtMatmulDescriptorInit");
}

// The algorithm of a number, or without one the library's own choice, which tells how many there are.
std::unique_ptr<SpAlgorithm> SpPlan::algorithm(std::optional<int> id, int* count) {
  const CusparseLt& library = *cusparseLt();
  const SpObject* handle = &session_->handle;
  auto made = std::make_unique<SpAlgorithm>();
  SpObject* selection = made->selection.get();
  require(made->selection.made(library.select(handle, selection, &product_, spDefaultAlgorithm)),
          "cusparseLtMatmulAlgSelectionInit");
  if (id) {
    made->id = *id;
    require(library.selectionSet(handle, selection, spAlgorithmId, &made->id, sizeof made->id),
            "cusparseLtMatmulAlgSetAttribute");
  } else {
    require(library.selectionGet(handle, selection, spAlgorithmId, &made->id, sizeof made->id),
            "cusparseLtMatmulAlgGetAttribute");
    require(library.selectionGet(handle, selection, spAlgorithms, count, sizeof *count),
            "cusparseLtMatmulAlgGetAttribute");
  }
  require(made->plan.made(library.plan(handle, made->plan.get(), &product_, selection)),
          "cusparseLtMatmulPlanInit");
  require(library.workspace(handle, made->plan.get(), &made->workspaceBytes), "cusparseLtMatmulGetWorkspace");
  return made;
}

void SpPlan::findAlgorithms() {
  int count = 0;
  algorithms_.push_back(algorithm(std::nullopt, &count));
  const int first = algorithms_.front()->id;
  for (int id = 0; id < count; ++id) try {
      if (id != first) algorithms_.push_back(algorithm(id, nullptr));
    } catch (const Unsupported&) {  // not every algorithm takes every shape
    }
  std::erase_if(algorithms_, [](const auto& one) { return one->workspaceBytes > mostWorkspaceBytes; });
  if (algorithms_.empty())
    throw Unsupported("cuSPARSELt " + cusparseLt()->version + " wants a workspace of more than " +
                      std::to_string(mostWorkspaceBytes) + " bytes for " + shapeText(shape_));
  std::size_t most = 0;
  for (const auto& one : algorithms_) most = std::max(most, one->workspaceBytes);
  workspace_ = allocateDevice(context(), most);
}

void SpPlan::keepChosen() {
  std::unique_ptr<SpAlgorithm> kept = std::move(algorithms_[chosen_]);
  algorithms_.clear();
  algorithms_.push_back(std::move(kept));
  chosen_ = 0;
}

void SpPlan::adopt(const Operands& operands) {
  const CusparseLt& library = *cusparseLt();
  const SpObject* handle = &session_->handle;
  const Context& on = *context();
  on.bind();
  const SparseLayout layout{shape_.dtype, shape_.m, shape_.k};
  std::vector<std::byte> packed(layout.bytes());
  check(driver().cuMemcpyDtoHAsync(packed.data(), operands.a, packed.size(), on.stream()),
        "cuMemcpyDtoHAsync");
  on.synchronize();
  std::vector<std::byte> host(shape_.m * shape_.k * row(shape_.dtype).bytes);
  session_->threads.parallel(layout.blocksDown(),
                             [&](std::size_t block) { layout.unpack(packed.data(), block, host.data()); });

  std::size_t bytes = 0, scratchBytes = 0;
  require(library.compressedSize(handle, a_.get(), &bytes, &scratchBytes), "cusparseLtSpMMACompressedSize2");
  std::unique_ptr<Buffer>& own = adopted_[operands.a];
  if (!own) own = allocateDevice(context(), bytes);
  const std::unique_ptr<Buffer> dense = allocateDevice(context(), host.size()),
                                scratch = allocateDevice(context(), scratchBytes);
  check(driver().cuMemcpyHtoDAsync(dense->address(), host.data(), host.size(), on.stream()),
        "cuMemcpyHtoDAsync");
  require(library.compress(handle, a_.get(), 1, spPlain, pointer(dense->address()), pointer(own->address()),
                           pointer(scratch->address()), on.stream()),
          "cusparseLtSpMMACompress2");
  on.synchronize();
}

SpStatus SpPlan::launch(const Operands& operands) const {
  const auto own = adopted_.find(operands.a);
  if (own == adopted_.end()) throw Error("EINVAL", "cuSPARSELt was given an A that it has not compressed");
  const float one = 1, zero = 0;
  void* c = pointer(operands.out);
  CUstream stream = context()->stream();
  return cusparseLt()->matmul(&session_->handle, algorithms_[chosen_]->plan.get(), &one,
                              pointer(own->second->address()), pointer(operands.b), &zero, c, c,
                              pointer(workspace_->address()), &stream, 1);
}

std::string SpPlan::describe() const {
  return "algorithm " + std::to_string(algorithms_[chosen_]->id);
}

}  // namespace nameplate::cuda
