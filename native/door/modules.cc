// A user's own device code: load, unload, launch.
#include "door/stretch.h"

namespace nameplate {
namespace {

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
  const auto single = [&] {
    constexpr double most = std::numeric_limits<float>::max();
    const double value = fields.real("float32");
    if (std::isfinite(value) && std::abs(value) > most)
      throw fields.wrong("float32", "from -3.4028235e38 to 3.4028235e38, an infinity or NaN");
    return static_cast<float>(value);
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
    argument = bytesOfNumber(single());
  else if (fields.has("float64"))
    argument = bytesOfNumber(fields.real("float64"));
  else
    throw fields.lacking("buffer, int32, uint32, int64, uint64, float32, float64");
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

void exportModules(Napi::Env env, Napi::Object exports) {
  exportFunction<load>(env, exports, "load");
  exportFunction<unload>(env, exports, "unload");
  exportFunction<launch>(env, exports, "launch");
}

}  // namespace nameplate
