// Devices and buffers: open, close, allocate, release, write, read, copy.
#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

#include "door/stretch.h"

namespace nameplate {
namespace {

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
        device.device = backendOf(id).open(id, 0);
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

struct Free {
  void operator()(void* memory) const { std::free(memory); }
};
using HostBytes = std::unique_ptr<void, Free>;

// Memory of the host, in huge pages where the system has them on request: to be given small ones, one by one,
// takes several times as long as to fill them.
HostBytes hostBytes(std::size_t bytes) {
  constexpr std::size_t hugePage = std::size_t{2} << 20;
  const std::size_t alignment = bytes < hugePage ? 64 : hugePage;
  HostBytes host(std::aligned_alloc(
      alignment, std::max<std::size_t>(1, (bytes + alignment - 1) / alignment) * alignment));
  if (!host) throw std::bad_alloc();
  if (bytes >= hugePage) (void)madvise(host.get(), bytes / hugePage * hugePage, MADV_HUGEPAGE);
  return host;
}

// The bytes as an ArrayBuffer without a copy; where the runtime takes no memory but its own (Electron), with
// one.
Napi::Value handOver(Napi::Env env, HostBytes& host, std::size_t bytes) {
  if (bytes == 0) return Napi::ArrayBuffer::New(env, 0);  // of no memory it would be a detached one
  napi_value given = nullptr;
  const auto release = [](napi_env, void* owned, void*) { std::free(owned); };
  if (napi_create_external_arraybuffer(env, host.get(), bytes, release, nullptr, &given) == napi_ok) {
    (void)host.release();
    return {env, given};
  }
  Napi::ArrayBuffer copy = Napi::ArrayBuffer::New(env, bytes);
  std::memcpy(copy.Data(), host.get(), bytes);
  return copy;
}

// A bounded number of bytes at once: of memory that is not its own, Node 20 makes an ArrayBuffer of at most 4
// GiB.
Napi::Value read(Door& door, const Napi::CallbackInfo& info) {
  constexpr double mostAtOnce = 1 << 30;
  Fields fields = argument(info, "read");
  const Handle handle = fields.count("buffer");
  const std::size_t offset = fields.count("offset"), bytes = fields.count("bytes", mostAtOnce);
  fields.end();
  const Stretch from = stretch(door, handle, offset, bytes);
  OpenDevice& on = door.device(from.device);
  return door.submit(
      info.Env(), on.queue,
      [&on, from] {
        HostBytes host = hostBytes(from.bytes);
        on.device->read(bufferOf(on, from.buffer), from.offset, host.get(), from.bytes);
        return host;
      },
      [bytes = from.bytes](Napi::Env env, HostBytes& host) { return handOver(env, host, bytes); });
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

}  // namespace

void exportBuffers(Napi::Env env, Napi::Object exports) {
  exportFunction<open>(env, exports, "open");
  exportFunction<close>(env, exports, "close");
  exportFunction<allocate>(env, exports, "allocate");
  exportFunction<release>(env, exports, "release");
  exportFunction<write>(env, exports, "write");
  exportFunction<read>(env, exports, "read");
  exportFunction<copy>(env, exports, "copy");
}

}  // namespace nameplate
