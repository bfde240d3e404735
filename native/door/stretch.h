// A stretch of a buffer that has been checked to lie inside it, and the small answers that the computing
// verbs share.
#pragma once

#include <string>

#include "door/door.h"

namespace nameplate {

inline constexpr double mostBytes = 1e14;

struct Stretch {
  Handle buffer = 0, device = 0;
  std::size_t offset = 0, bytes = 0;
};

inline Stretch stretch(const Door& door, Handle buffer, std::size_t offset, std::size_t bytes) {
  const Door::Entry& entry = door.entry(buffer, Door::Kind::buffer);
  if (offset > entry.bytes || bytes > entry.bytes - offset)
    throw Error("ERANGE", std::to_string(bytes) + " bytes from offset " + std::to_string(offset) +
                              " reach beyond a buffer of " + std::to_string(entry.bytes) + " bytes");
  return {buffer, entry.device, offset, bytes};
}

inline Buffer& bufferOf(OpenDevice& open, Handle handle) {
  const auto found = open.buffers.find(handle);
  if (found == open.buffers.end()) throw Error("EBADF", "the buffer's allocation failed");
  return *found->second;
}

// {name: value}
inline Napi::Value number(Napi::Env env, const char* name, double value) {
  auto object = Napi::Object::New(env);
  object[name] = Napi::Number::New(env, value);
  return object;
}

struct Nothing {};
inline Napi::Value undefined(Napi::Env env, const Nothing&) {
  return env.Undefined();
}

}  // namespace nameplate
