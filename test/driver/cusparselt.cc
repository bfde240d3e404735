// libcusparseLt.so.0 for tests, as version 0.8: A is compressed into a form of its own, and a product handed
// to the simulated driver. It has several algorithms of different speeds, the fastest not its own choice, and
// one that it refuses after all.
#include "cuda/cusparselt_library.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "exports.h"
#include "setting.h"

using namespace nameplate;
using namespace nameplate::cuda;
using simulated::Unit;

namespace {

constexpr SpStatus executionFailed = 6, internalError = 7;

// Shares of what the unit usually reaches, by the algorithm's number; 0: it is refused.
constexpr double speeds[] = {0.8, 1.0, 0, 0.9};
constexpr int ownChoice = 3;
constexpr std::size_t scratchBytes = 512, workspaceBytes = 1 << 20;

// What an object of the library's is: a kind, which is gone when the object is.
struct Handle {
  static constexpr int kind = 0x51;
};
struct Matrix {
  static constexpr int kind = 0x52;
  std::int64_t rows, columns, leading;
  DataType type;
  bool structured;
};
struct Product {
  static constexpr int kind = 0x53;
  Matrix a, b, d;
  int compute;
};
struct Selection {
  static constexpr int kind = 0x54;
  Product product;
  int id;
};
struct Plan {
  static constexpr int kind = 0x55;
  Selection selection;
};

// Of 512 bytes, as 0.8 has them.
template <typename Value>
void put(SpObject* object, const Value& value) {
  static_assert(sizeof(int) + sizeof value <= 512);
  std::memcpy(object->data, &Value::kind, sizeof(int));
  std::memcpy(object->data + sizeof(int), &value, sizeof value);
}
template <typename Value>
std::optional<Value> get(const SpObject* object) {
  int kind = 0;
  std::memcpy(&kind, object->data, sizeof kind);
  if (kind != Value::kind) return std::nullopt;
  Value value;
  std::memcpy(&value, object->data + sizeof kind, sizeof value);
  return value;
}

template <typename Value>
SpStatus make(SpObject* made, const Value& value) {
  put(made, value);
  nameplateSimulatedObjects(1);
  return spSuccess;
}
// An object is gone even where its release fails.
template <typename Value>
SpStatus destroy(const SpObject* object, SpStatus fault) {
  if (!get<Value>(object)) return spInvalidValue;
  std::memset(const_cast<SpObject*>(object)->data, 0, sizeof(int));
  nameplateSimulatedObjects(-1);
  return fault;
}

// The fault that is planned for the entry point that calls.
SpStatus met(SpStatus usual = internalError, const char* call = __builtin_FUNCTION()) {
  switch (nameplateSimulatedMeet(call)) {
    case simulated::Fate::works:
      return spSuccess;
    case simulated::Fate::fails:
      return usual;
    default:
      return executionFailed;
  }
}

struct Combination {
  DataType input, output;
  int compute;
  DType dtype;
  Unit unit;
  int from;  // compute capability
};

// Of the library's table of supported types, what is asked for here.
constexpr Combination combinations[] = {
    {R_32F, R_32F, spComputeFp32, DType::tf32, Unit::tf32, 80},
    {R_16F, R_16F, spComputeFp32, DType::fp16, Unit::fp16, 80},
    {R_16BF, R_16BF, spComputeFp32, DType::bf16, Unit::bf16, 80},
    {R_8F_E4M3, R_16BF, spComputeFp32, DType::fp8e4m3, Unit::fp8, 89},
    {R_8I, R_32I, spComputeInt, DType::int8, Unit::int8, 80},
};

const Combination* combination(const Product& product) {
  const simulated::Card* card = nameplateSimulatedCard();
  const auto known = std::ranges::find_if(combinations, [&](const Combination& row) {
    return row.input == product.a.type && row.input == product.b.type && row.output == product.d.type &&
           row.compute == product.compute && card && row.from <= card->capability;
  });
  return known == std::end(combinations) ? nullptr : known;
}

// Sides that it takes, in elements: whole 32 bytes of a sparse matrix, 16 of another one.
SpStatus matrix(SpObject* made, const Matrix& asked, std::uint32_t alignment, int order, SpStatus fault) {
  if (fault != spSuccess) return fault;
  const std::int64_t bytes = asked.type == R_32F || asked.type == R_32I      ? 4
                             : asked.type == R_8I || asked.type == R_8F_E4M3 ? 1
                                                                             : 2;
  const std::int64_t step = (asked.structured ? 32 : 16) / bytes;
  if (order != spRowMajor || alignment != 16 || asked.leading < asked.columns || asked.rows % step != 0 ||
      asked.columns % step != 0)
    return spNotSupported;
  return make(made, asked);
}

std::optional<simulated::Gemm> gemmOf(const Selection& selection) {
  const Product& product = selection.product;
  const Combination* known = combination(product);
  if (!known) return std::nullopt;
  simulated::Gemm gemm{};
  gemm.dtype = known->dtype;
  gemm.unit = known->unit;
  gemm.speed = 2 * speeds[selection.id];
  gemm.at.m = static_cast<unsigned long long>(product.a.rows);
  gemm.at.n = static_cast<unsigned long long>(product.b.rows);
  gemm.at.k = static_cast<unsigned long long>(product.a.columns);
  gemm.at.lda = gemm.at.k / 2;
  gemm.at.ldb = static_cast<unsigned long long>(product.b.leading);
  gemm.at.ldc = static_cast<unsigned long long>(product.d.leading);
  return gemm;
}

// What nameplateSimulatedCompress writes: the kept elements, and a byte for the place of each.
std::size_t valuesBytes(const Matrix& a, DType dtype) {
  return static_cast<std::size_t>(a.rows * a.columns / 2) * row(dtype).bytes;
}

std::optional<DType> formatOf(DataType type) {
  const auto known = std::ranges::find(combinations, type, &Combination::input);
  return known == std::end(combinations) ? std::nullopt : std::optional(known->dtype);
}

}  // namespace

#pragma GCC visibility push(default)
extern "C" {

SpStatus cusparseLtGetProperty(int which, int* value) {
  const auto version = static_cast<int>(simulated::number("NAMEPLATE_SIMULATE_CUSPARSELT", 801));
  *value = which == 0 ? version / 10000 : which == 1 ? version / 100 % 100 : version % 100;
  return spSuccess;
}

const char* cusparseLtGetErrorName(SpStatus status) {
  switch (status) {
    case spInvalidValue:
      return "CUSPARSE_STATUS_INVALID_VALUE";
    case executionFailed:
      return "CUSPARSE_STATUS_EXECUTION_FAILED";
    case internalError:
      return "CUSPARSE_STATUS_INTERNAL_ERROR";
    case spNotSupported:
      return "CUSPARSE_STATUS_NOT_SUPPORTED";
  }
  return "CUSPARSE_STATUS_SUCCESS";
}

SpStatus cusparseLtInit(SpObject* handle) {
  if (const SpStatus fault = met(); fault != spSuccess) return fault;
  const simulated::Card* card = nameplateSimulatedCard();
  return card && card->capability >= 80 ? make(handle, Handle{}) : spNotSupported;
}

SpStatus cusparseLtDestroy(const SpObject* handle) {
  return destroy<Handle>(handle, met());
}

SpStatus cusparseLtDenseDescriptorInit(const SpObject*, SpObject* made, std::int64_t rows,
                                       std::int64_t columns, std::int64_t leading, std::uint32_t alignment,
                                       DataType type, int order) {
  return matrix(made, {rows, columns, leading, type, false}, alignment, order, met());
}

SpStatus cusparseLtStructuredDescriptorInit(const SpObject*, SpObject* made, std::int64_t rows,
                                            std::int64_t columns, std::int64_t leading,
                                            std::uint32_t alignment, DataType type, int order, int sparsity) {
  if (sparsity != spHalfOfThem) return spInvalidValue;
  return matrix(made, {rows, columns, leading, type, true}, alignment, order, met());
}

SpStatus cusparseLtMatDescriptorDestroy(const SpObject* object) {
  return destroy<Matrix>(object, met());
}

SpStatus cusparseLtMatmulDescriptorInit(const SpObject*, SpObject* made, int formOfA, int formOfB,
                                        const SpObject* a, const SpObject* b, const SpObject* c,
                                        const SpObject* d, int compute) {
  if (const SpStatus fault = met(); fault != spSuccess) return fault;
  const auto left = get<Matrix>(a), right = get<Matrix>(b), added = get<Matrix>(c), out = get<Matrix>(d);
  if (!left || !right || !added || !out || !left->structured) return spInvalidValue;
  if (left->columns != right->columns || out->rows != left->rows || out->columns != right->rows)
    return spInvalidValue;
  const Product product{*left, *right, *out, compute};
  if (formOfA != spPlain || formOfB != spTransposed || !combination(product)) return spNotSupported;
  put(made, product);  // nothing gives it back
  return spSuccess;
}

SpStatus cusparseLtMatmulAlgSelectionInit(const SpObject*, SpObject* made, const SpObject* product,
                                          int algorithm) {
  if (const SpStatus fault = met(); fault != spSuccess) return fault;
  const auto of = get<Product>(product);
  return of && algorithm == spDefaultAlgorithm ? make(made, Selection{*of, ownChoice}) : spInvalidValue;
}

SpStatus cusparseLtMatmulAlgSelectionDestroy(const SpObject* object) {
  return destroy<Selection>(object, met());
}

SpStatus cusparseLtMatmulAlgSetAttribute(const SpObject*, SpObject* object, int attribute, const void* value,
                                         std::size_t bytes) {
  if (const SpStatus fault = met(); fault != spSuccess) return fault;
  auto selection = get<Selection>(object);
  if (!selection || attribute != spAlgorithmId || bytes != sizeof selection->id) return spInvalidValue;
  std::memcpy(&selection->id, value, bytes);
  put(object, *selection);
  return spSuccess;
}

SpStatus cusparseLtMatmulAlgGetAttribute(const SpObject*, const SpObject* object, int attribute, void* value,
                                         std::size_t bytes) {
  if (const SpStatus fault = met(); fault != spSuccess) return fault;
  const auto selection = get<Selection>(object);
  if (!selection || attribute > spAlgorithms || bytes != sizeof(int)) return spInvalidValue;
  const int number = attribute == spAlgorithmId ? selection->id : static_cast<int>(std::size(speeds));
  std::memcpy(value, &number, bytes);
  return spSuccess;
}

SpStatus cusparseLtMatmulPlanInit(const SpObject*, SpObject* made, const SpObject* product,
                                  const SpObject* object) {
  if (const SpStatus fault = met(); fault != spSuccess) return fault;
  const auto selection = get<Selection>(object);
  if (!get<Product>(product) || !selection) return spInvalidValue;
  return speeds[selection->id] > 0 ? make(made, Plan{*selection}) : spNotSupported;
}

SpStatus cusparseLtMatmulPlanDestroy(const SpObject* object) {
  return destroy<Plan>(object, met());
}

SpStatus cusparseLtMatmulGetWorkspace(const SpObject*, const SpObject* object, std::size_t* bytes) {
  if (const SpStatus fault = met(); fault != spSuccess) return fault;
  const auto plan = get<Plan>(object);
  if (!plan) return spInvalidValue;
  *bytes = plan->selection.id == 1 ? workspaceBytes : 0;
  return spSuccess;
}

SpStatus cusparseLtSpMMACompressedSize2(const SpObject*, const SpObject* object, std::size_t* bytes,
                                        std::size_t* scratch) {
  if (const SpStatus fault = met(); fault != spSuccess) return fault;
  const auto a = get<Matrix>(object);
  const auto dtype = a ? formatOf(a->type) : std::nullopt;
  if (!dtype || !a->structured) return spInvalidValue;
  *bytes = valuesBytes(*a, *dtype) + static_cast<std::size_t>(a->rows * a->columns / 2);
  *scratch = scratchBytes;
  return spSuccess;
}

SpStatus cusparseLtSpMMACompress2(const SpObject*, const SpObject* object, int isA, int form,
                                  const void* dense, void* compressed, void* scratch, CUstream stream) {
  if (const SpStatus fault = met(executionFailed); fault != spSuccess) return fault;
  const auto a = get<Matrix>(object);
  const auto dtype = a ? formatOf(a->type) : std::nullopt;
  if (!dtype || !a->structured || !isA || form != spPlain || !scratch) return spInvalidValue;
  const simulated::Pruned pruned{*dtype, static_cast<std::size_t>(a->rows),
                                 static_cast<std::size_t>(a->columns)};
  return nameplateSimulatedCompress(&pruned, dense, compressed, stream) == CUDA_SUCCESS ? spSuccess
                                                                                        : executionFailed;
}

SpStatus cusparseLtMatmul(const SpObject*, const SpObject* object, const void* alpha, const void* a,
                          const void* b, const void* beta, const void*, void* d, void* workspace,
                          CUstream* streams, std::int32_t count) {
  if (const SpStatus fault = met(executionFailed); fault != spSuccess) return fault;
  constexpr float one = 1, zero = 0;
  const auto plan = get<Plan>(object);
  if (!plan || count != 1 || std::memcmp(alpha, &one, 4) != 0 || std::memcmp(beta, &zero, 4) != 0)
    return spInvalidValue;
  auto gemm = gemmOf(plan->selection);
  if (!gemm || (plan->selection.id == 1 && !workspace)) return spInvalidValue;
  gemm->at.a = a;
  gemm->at.b = b;
  gemm->at.c = d;
  const void* places = static_cast<const std::byte*>(a) + valuesBytes(plan->selection.product.a, gemm->dtype);
  return nameplateSimulatedSparse(&*gemm, places, *streams) == CUDA_SUCCESS ? spSuccess : executionFailed;
}
}
#pragma GCC visibility pop
