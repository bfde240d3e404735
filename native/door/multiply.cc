// multiply: one matrix product over stretches of a device's buffers.
#include <limits>
#include <ranges>

#include "door/stretch.h"

namespace nameplate {
namespace {

// rows x columns elements with a leading dimension, somewhere in a buffer.
struct Matrix {
  Stretch place;
  std::size_t leading;
};

Matrix matrix(const Door& door, Fields fields, const std::string& name, std::size_t rows, std::size_t columns,
              DType dtype) {
  const Handle buffer = fields.count("buffer");
  const std::size_t offset = fields.count("offset");
  const std::size_t leading = fields.count("leading", std::numeric_limits<std::int32_t>::max());
  fields.end();
  const std::size_t size = row(dtype).bytes;
  if (leading < columns)
    throw Error("ERANGE", name + ".leading is " + std::to_string(leading) + ", below the " +
                              std::to_string(columns) + " elements of a row");
  if (offset % size != 0)
    throw Error("EINVAL",
                name + ".offset must be a multiple of the element's " + std::to_string(size) + " bytes");
  // rows and leading are below 2^31 and an element has at most 8 bytes: 2^65 would wrap, so count in doubles
  // first.
  if (static_cast<double>(rows) * static_cast<double>(leading) * static_cast<double>(size) > mostBytes)
    throw Error("ERANGE", name + " is larger than any buffer");
  const std::size_t bytes = rows == 0 ? 0 : ((rows - 1) * leading + columns) * size;
  return {stretch(door, buffer, offset, bytes), leading};
}

bool overlap(const Stretch& x, const Stretch& y) {
  return x.buffer == y.buffer && x.offset < y.offset + y.bytes && y.offset < x.offset + x.bytes;
}

// Kernels are kept for the next product of their shape, but a program of many shapes must not fill the memory
// with what they keep.
const Kernel& preparedGemm(OpenDevice& on, const GemmShape& s, const std::string& provider) {
  constexpr std::size_t most = 256, mostBytes = std::size_t{256} << 20;
  const std::pair key(s, provider);
  if (const auto found = on.kernels.find(key); found != on.kernels.end()) return found->second;
  Kernel kernel = on.device->gemm(s, provider, nullptr);
  std::size_t bytes = kernel.keptBytes;
  for (const auto& [known, other] : on.kernels) bytes += other.keptBytes;
  if (on.kernels.size() >= most || bytes > mostBytes) on.kernels.clear();
  return on.kernels[key] = std::move(kernel);
}

// C = A * B, where `b` lies N x K ("NxK", what the kernels take) or K x N ("KxN": transposed first, in a
// buffer of ours).
Napi::Value multiply(Door& door, const Napi::CallbackInfo& info) {
  constexpr std::array<std::string_view, 3> accumulators{"full", "half", "fast"};
  constexpr std::array<std::string_view, 2> layouts{"NxK", "KxN"};
  constexpr double mostElements = std::numeric_limits<std::int32_t>::max();
  Fields fields = argument(info, "multiply");
  const DType dtype = factors[fields.choice("dtype", factors | std::views::transform(&DTypeRow::name))].dtype;
  const auto accumulator = static_cast<Accumulator>(fields.choice("accumulator", accumulators));
  const bool transposed = fields.choice("layout", layouts) == 0;
  const std::string provider = fields.text("provider");
  const std::size_t m = fields.count("m", mostElements), n = fields.count("n", mostElements),
                    k = fields.count("k", mostElements);
  Fields fieldsA = fields.object("a"), fieldsB = fields.object("b"), fieldsC = fields.object("c");
  fields.end();
  const Matrix a = matrix(door, std::move(fieldsA), "multiply.a", m, k, dtype);
  const Matrix b =
      matrix(door, std::move(fieldsB), "multiply.b", transposed ? n : k, transposed ? k : n, dtype);
  const Matrix c = matrix(door, std::move(fieldsC), "multiply.c", m, n, row(dtype).output);
  if (a.place.device != b.place.device || a.place.device != c.place.device)
    throw Error("EXDEV", "multiply takes matrices of one device");
  if (overlap(c.place, a.place) || overlap(c.place, b.place))
    throw Error("EINVAL", "multiply.c must not overlap multiply.a or multiply.b");
  if (!transposed && b.leading != n)
    throw Error("EINVAL", "multiply.b in the layout KxN must be packed: its leading dimension is N");
  OpenDevice& on = door.device(a.place.device);
  const GemmShape shape{dtype, accumulator, m, n, k, a.leading, transposed ? b.leading : k, c.leading};
  return door.submit(
      info.Env(), on.queue,
      [&on, shape, provider, a, b, c, transposed] {
        const auto at = [&on](const Stretch& place) {
          return bufferOf(on, place.buffer).address() + place.offset;
        };
        if (shape.m == 0 || shape.n == 0) return std::string("nothing to do");
        Operands operands{at(c.place), at(a.place), at(b.place)};
        GemmShape placed = shape;
        placed.aligned = ((operands.out | operands.a | (transposed ? operands.b : 0)) & 15) == 0;
        const Kernel& kernel = preparedGemm(on, placed, provider);
        std::unique_ptr<Buffer> turned;
        if (!transposed && shape.k > 0) {
          turned = on.device->allocate(shape.n * shape.k * row(shape.dtype).bytes);
          on.device->transpose({turned->address(), operands.b, 0}, shape.k, shape.n, row(shape.dtype).bytes);
          operands.b = turned->address();
        }
        kernel.launch(operands);
        on.device->synchronize();
        return kernel.name;
      },
      [](Napi::Env env, const std::string& name) {
        auto object = Napi::Object::New(env);
        object["kernel"] = Napi::String::New(env, name);
        return object;
      });
}

}  // namespace

void exportMultiply(Napi::Env env, Napi::Object exports) {
  exportFunction<multiply>(env, exports, "multiply");
}

}  // namespace nameplate
