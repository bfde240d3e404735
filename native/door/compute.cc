// The verbs of computing: devices, buffers, products, modules. Promises settle in the order of the calls on a
// device.
#include <limits>

#include "door/door.h"

namespace nameplate {
namespace {

constexpr double mostBytes = 1e14;

Napi::Value number(Napi::Env env, const char* name, double value) {
  auto object = Napi::Object::New(env);
  object[name] = Napi::Number::New(env, value);
  return object;
}

struct Nothing {};
Napi::Value undefined(Napi::Env env, const Nothing&) {
  return env.Undefined();
}

// A stretch of a buffer that has been checked to lie inside it.
struct Stretch {
  Handle buffer = 0, device = 0;
  std::size_t offset = 0, bytes = 0;
};

Stretch stretch(const Door& door, Handle buffer, std::size_t offset, std::size_t bytes) {
  const Door::Entry& entry = door.entry(buffer, Door::Kind::buffer);
  if (offset > entry.bytes || bytes > entry.bytes - offset)
    throw Error("ERANGE", std::to_string(bytes) + " bytes from offset " + std::to_string(offset) +
                              " reach beyond a buffer of " + std::to_string(entry.bytes) + " bytes");
  return {buffer, entry.device, offset, bytes};
}

Buffer& bufferOf(OpenDevice& open, Handle handle) {
  const auto found = open.buffers.find(handle);
  if (found == open.buffers.end()) throw Error("EBADF", "the buffer's allocation failed");
  return *found->second;
}

Napi::Value open(Door& door, const Napi::CallbackInfo& info) {
  Fields fields = argument(info, "open");
  const std::string id = fields.text("device");
  fields.end();
  const Handle handle = door.next();
  auto slot = std::make_unique<OpenDevice>();
  OpenDevice& device = *slot;
  door.add(handle, std::move(slot));
  return door.submit(
      info.Env(), device.queue,
      [&device, id] {
        device.device = backendOf(id).open(id);
        return device.device->facts();
      },
      [&door, handle](Napi::Env env, const Facts& facts) {
        door.enter(handle, {Door::Kind::device, handle, 0});
        const Napi::Value object = number(env, "device", static_cast<double>(handle));
        object.As<Napi::Object>()["facts"] = answer(env, facts);
        return object;
      },
      [&door, handle] { door.drop(handle); });
}

Napi::Value close(Door& door, const Napi::CallbackInfo& info) {
  Fields fields = argument(info, "close");
  const Handle handle = fields.count("device");
  fields.end();
  OpenDevice& device = door.device(handle);
  door.forgetDevice(handle);
  return door.submit(
      info.Env(), device.queue,
      [&device] {
        device.clear();
        return Nothing{};
      },
      [&door, handle](Napi::Env env, const Nothing&) {
        door.drop(handle);  // its queue has nothing left, so this does not wait
        return env.Undefined();
      });
}

Napi::Value allocate(Door& door, const Napi::CallbackInfo& info) {
  Fields fields = argument(info, "allocate");
  const Handle device = fields.count("device");
  const std::size_t bytes = fields.count("bytes", mostBytes);
  fields.end();
  OpenDevice& on = door.device(device);
  if (bytes == 0) throw Error("ERANGE", "allocate.bytes must be at least 1");
  const Handle handle = door.next();
  return door.submit(
      info.Env(), on.queue,
      [&on, handle, bytes] {
        if (!on.device) throw Error("EBADF", "the device was closed");
        on.buffers[handle] = on.device->allocate((bytes + 15) / 16 * 16);
        return Nothing{};
      },
      [&door, handle, device, bytes](Napi::Env env, const Nothing&) {
        door.enter(handle, {Door::Kind::buffer, device, bytes});
        return number(env, "buffer", static_cast<double>(handle));
      });
}

Napi::Value release(Door& door, const Napi::CallbackInfo& info) {
  Fields fields = argument(info, "release");
  const Handle handle = fields.count("buffer");
  fields.end();
  OpenDevice& on = door.device(door.entry(handle, Door::Kind::buffer).device);
  door.forget(handle);
  return door.submit(
      info.Env(), on.queue,
      [&on, handle] {
        on.buffers.erase(handle);
        return Nothing{};
      },
      undefined);
}

// Copies the bytes before it returns: the caller may change or transfer its array at once.
Napi::Value write(Door& door, const Napi::CallbackInfo& info) {
  Fields fields = argument(info, "write");
  const Handle handle = fields.count("buffer");
  const std::size_t offset = fields.count("offset");
  const Napi::Value data = fields.take("data");
  fields.end();
  const std::span<const std::byte> bytes = bytesOf(data, "write.data");
  const Stretch to = stretch(door, handle, offset, bytes.size());
  OpenDevice& on = door.device(to.device);
  auto copy = std::make_shared<std::vector<std::byte>>(bytes.begin(), bytes.end());
  return door.submit(
      info.Env(), on.queue,
      [&on, to, copy] {
        on.device->write(bufferOf(on, to.buffer), to.offset, copy->data(), copy->size());
        return Nothing{};
      },
      undefined);
}

Napi::Value read(Door& door, const Napi::CallbackInfo& info) {
  Fields fields = argument(info, "read");
  const Handle handle = fields.count("buffer");
  const std::size_t offset = fields.count("offset"), bytes = fields.count("bytes", mostBytes);
  fields.end();
  const Stretch from = stretch(door, handle, offset, bytes);
  OpenDevice& on = door.device(from.device);
  using Bytes = std::unique_ptr<std::vector<std::byte>>;
  return door.submit(
      info.Env(), on.queue,
      [&on, from]() -> Bytes {
        auto host = std::make_unique<std::vector<std::byte>>(from.bytes);
        on.device->read(bufferOf(on, from.buffer), from.offset, host->data(), host->size());
        return host;
      },
      [](Napi::Env env, Bytes& host) -> Napi::Value {
        std::vector<std::byte>* bytes = host.release();
        return Napi::ArrayBuffer::New(
            env, bytes->data(), bytes->size(),
            [](Napi::Env, void*, std::vector<std::byte>* owned) { delete owned; }, bytes);
      });
}

Napi::Value copy(Door& door, const Napi::CallbackInfo& info) {
  Fields fields = argument(info, "copy");
  const Handle from = fields.count("from"), to = fields.count("to");
  const std::size_t fromOffset = fields.count("fromOffset"), toOffset = fields.count("toOffset");
  const std::size_t bytes = fields.count("bytes", mostBytes);
  fields.end();
  const Stretch source = stretch(door, from, fromOffset, bytes), target = stretch(door, to, toOffset, bytes);
  if (source.device != target.device) throw Error("EXDEV", "copy takes two buffers of one device");
  if (from == to && fromOffset < toOffset + bytes && toOffset < fromOffset + bytes)
    throw Error("EINVAL", "copy takes stretches that do not overlap");
  OpenDevice& on = door.device(source.device);
  return door.submit(
      info.Env(), on.queue,
      [&on, source, target, bytes] {
        on.device->copy(bufferOf(on, target.buffer), target.offset, bufferOf(on, source.buffer),
                        source.offset, bytes);
        on.device->synchronize();
        return Nothing{};
      },
      undefined);
}

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

const Kernel& preparedGemm(OpenDevice& on, const GemmShape& s, const std::string& provider) {
  constexpr std::size_t most = 256;
  std::string key = provider;
  for (const std::size_t part : {static_cast<std::size_t>(s.dtype), static_cast<std::size_t>(s.accumulator),
                                 s.m, s.n, s.k, s.lda, s.ldb, s.ldc})
    key += ' ' + std::to_string(part);
  if (const auto found = on.kernels.find(key); found != on.kernels.end()) return found->second;
  if (on.kernels.size() >= most) on.kernels.clear();
  return on.kernels[key] = on.device->gemm(s, provider, nullptr);
}

// C = A * B, where `b` lies N x K ("NxK", what the kernels take) or K x N ("KxN": transposed first, in a
// buffer of ours).
Napi::Value multiply(Door& door, const Napi::CallbackInfo& info) {
  constexpr std::array<std::string_view, 8> formats{"fp64", "fp32",    "tf32",    "fp16",
                                                    "bf16", "fp8e4m3", "fp8e5m2", "int8"};
  constexpr std::array<std::string_view, 3> accumulators{"full", "half", "fast"};
  constexpr std::array<std::string_view, 2> layouts{"NxK", "KxN"};
  constexpr double mostElements = std::numeric_limits<std::int32_t>::max();
  Fields fields = argument(info, "multiply");
  const DType dtype = *dtypeNamed(formats[fields.choice("dtype", formats)]);
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
        const Kernel& kernel = preparedGemm(on, shape, provider);
        Operands operands{at(c.place), at(a.place), at(b.place)};
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

Napi::Value load(Door& door, const Napi::CallbackInfo& info) {
  Fields fields = argument(info, "load");
  const Handle device = fields.count("device");
  const Napi::Value image = fields.take("image");
  fields.end();
  OpenDevice& on = door.device(device);
  const std::span<const std::byte> bytes = bytesOf(image, "load.image");
  if (bytes.empty()) throw Error("EINVAL", "load.image is empty");
  auto copy = std::make_shared<std::vector<std::byte>>(bytes.begin(), bytes.end());
  const Handle handle = door.next();
  return door.submit(
      info.Env(), on.queue,
      [&on, handle, copy] {
        on.modules[handle] = on.device->load(*copy);
        return Nothing{};
      },
      [&door, handle, device](Napi::Env env, const Nothing&) {
        door.enter(handle, {Door::Kind::module, device, 0});
        return number(env, "module", static_cast<double>(handle));
      });
}

Napi::Value unload(Door& door, const Napi::CallbackInfo& info) {
  Fields fields = argument(info, "unload");
  const Handle handle = fields.count("module");
  fields.end();
  OpenDevice& on = door.device(door.entry(handle, Door::Kind::module).device);
  door.forget(handle);
  return door.submit(
      info.Env(), on.queue,
      [&on, handle] {
        on.modules.erase(handle);
        return Nothing{};
      },
      undefined);
}

std::array<unsigned, 3> dimensions(const Napi::Value& value, const std::string& where) {
  if (!value.IsArray() || value.As<Napi::Array>().Length() != 3)
    throw Error("EINVAL", where + " must be an array of three whole numbers");
  std::array<unsigned, 3> sizes{};
  for (std::uint32_t i = 0; i < 3; ++i) {
    sizes[i] = static_cast<unsigned>(Fields::count(value.As<Napi::Array>().Get(i), where, 2147483647));
    if (sizes[i] == 0) throw Error("ERANGE", where + " must be at least 1 in each dimension");
  }
  return sizes;
}

template <class T>
KernelArgument bytesOfNumber(T number) {
  const auto bytes = std::as_bytes(std::span<const T, 1>(&number, 1));
  return {bytes.begin(), bytes.end()};
}

// {int32: 1}, {uint32: 1}, {int64: 1n}, {uint64: 1n}, {float32: 1}, {float64: 1}; buffers are handled by the
// caller.
KernelArgument scalar(Fields fields) {
  const auto whole = [&](const char* name, double least, double most) {
    const double value = fields.number(name, least, most);
    if (value != std::floor(value)) throw fields.wrong(name, "a whole number");
    return value;
  };
  const auto big = [&](const char* name, bool isSigned) {
    const Napi::Value value = fields.take(name);
    bool lossless = false;
    if (!value.IsBigInt()) throw fields.wrong(name, "a BigInt");
    const auto bits = isSigned ? static_cast<std::uint64_t>(value.As<Napi::BigInt>().Int64Value(&lossless))
                               : value.As<Napi::BigInt>().Uint64Value(&lossless);
    if (!lossless) throw fields.wrong(name, "a BigInt of 64 bits");
    return bytesOfNumber(bits);
  };
  KernelArgument argument;
  if (fields.has("int32"))
    argument = bytesOfNumber(static_cast<std::int32_t>(whole("int32", -2147483648.0, 2147483647.0)));
  else if (fields.has("uint32"))
    argument = bytesOfNumber(static_cast<std::uint32_t>(whole("uint32", 0, 4294967295.0)));
  else if (fields.has("int64"))
    argument = big("int64", true);
  else if (fields.has("uint64"))
    argument = big("uint64", false);
  else if (fields.has("float32"))
    argument = bytesOfNumber(static_cast<float>(fields.number("float32", -3.4028235e38, 3.4028235e38)));
  else
    argument = bytesOfNumber(fields.number("float64", -1.7976931348623157e308, 1.7976931348623157e308));
  fields.end();
  return argument;
}

Napi::Value launch(Door& door, const Napi::CallbackInfo& info) {
  Fields fields = argument(info, "launch");
  const Handle handle = fields.count("module");
  Launch launch{.function = fields.text("function"),
                .grid = dimensions(fields.take("grid"), "launch.grid"),
                .block = dimensions(fields.take("block"), "launch.block"),
                .sharedBytes = static_cast<unsigned>(fields.count("sharedBytes", 1 << 20)),
                .arguments = {}};
  const Napi::Value list = fields.take("arguments");
  fields.end();
  if (!list.IsArray() || list.As<Napi::Array>().Length() > 256)
    throw Error("EINVAL", "launch.arguments must be an array of at most 256 objects");
  std::vector<std::optional<Stretch>> pointers;
  std::vector<std::pair<Handle, std::size_t>> places;
  for (std::uint32_t i = 0; i < list.As<Napi::Array>().Length(); ++i) {
    Fields one(list.As<Napi::Array>().Get(i), "launch.arguments[" + std::to_string(i) + "]");
    const bool pointer = one.has("buffer");
    places.emplace_back(pointer ? one.count("buffer") : 0, pointer ? one.count("offset") : 0);
    if (pointer) one.end();
    launch.arguments.push_back(pointer ? KernelArgument(sizeof(std::uintptr_t)) : scalar(std::move(one)));
  }
  const Handle device = door.entry(handle, Door::Kind::module).device;
  for (const auto& [buffer, offset] : places) {
    pointers.push_back(buffer ? std::optional(stretch(door, buffer, offset, 0)) : std::nullopt);
    if (buffer && pointers.back()->device != device)
      throw Error("EXDEV", "launch takes buffers of the module's own device");
  }
  OpenDevice& on = door.device(device);
  return door.submit(
      info.Env(), on.queue,
      [&on, handle, pointers, launch]() mutable {
        for (std::size_t i = 0; i < pointers.size(); ++i)
          if (pointers[i])
            launch.arguments[i] =
                bytesOfNumber(bufferOf(on, pointers[i]->buffer).address() + pointers[i]->offset);
        const auto found = on.modules.find(handle);
        if (found == on.modules.end()) throw Error("EBADF", "the module's loading failed");
        found->second->launch(launch);
        on.device->synchronize();
        return Nothing{};
      },
      undefined);
}

}  // namespace

void exportCompute(Napi::Env env, Napi::Object exports) {
  exportFunction<open>(env, exports, "open");
  exportFunction<close>(env, exports, "close");
  exportFunction<allocate>(env, exports, "allocate");
  exportFunction<release>(env, exports, "release");
  exportFunction<write>(env, exports, "write");
  exportFunction<read>(env, exports, "read");
  exportFunction<copy>(env, exports, "copy");
  exportFunction<multiply>(env, exports, "multiply");
  exportFunction<load>(env, exports, "load");
  exportFunction<unload>(env, exports, "unload");
  exportFunction<launch>(env, exports, "launch");
}

}  // namespace nameplate
