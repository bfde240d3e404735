// A JavaScript object, made field by field from values of C++.
#pragma once

#include <napi.h>

#include <optional>
#include <string>
#include <string_view>

namespace nameplate {

inline Napi::Value value(Napi::Env env, bool b) {
  return Napi::Boolean::New(env, b);
}
inline Napi::Value value(Napi::Env env, double number) {
  return Napi::Number::New(env, number);
}
inline Napi::Value value(Napi::Env env, std::size_t number) {
  return Napi::Number::New(env, static_cast<double>(number));
}
inline Napi::Value value(Napi::Env env, std::string_view text) {
  return Napi::String::New(env, text.data(), text.size());
}
inline Napi::Value value(Napi::Env env, const std::string& text) {
  return Napi::String::New(env, text);
}
inline Napi::Value value(Napi::Env, Napi::Value ready) {
  return ready;
}

template <class T>
Napi::Value value(Napi::Env env, const std::optional<T>& maybe) {
  return maybe ? value(env, *maybe) : env.Null();
}

class Object {
 public:
  explicit Object(Napi::Env env) : env_(env), object_(Napi::Object::New(env)) {}
  template <class T>
  Object& set(const char* name, const T& field) {
    object_.Set(name, value(env_, field));
    return *this;
  }
  operator Napi::Value() const { return object_; }

 private:
  Napi::Env env_;
  Napi::Object object_;
};

inline Napi::Value nullIfEmpty(Napi::Env env, std::string_view text) {
  return text.empty() ? env.Null() : value(env, text);
}

}  // namespace nameplate
