// Reading what JavaScript hands in: one plain object, every field asked for by name and type, nothing left
// over.
//
// Nothing is trusted. A getter may throw, or free a buffer while the next field is read: so all values are
// read before any is used, and memory of an ArrayBuffer is looked at last, when no JavaScript can run in
// between.
#pragma once

#include <napi.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "backend.h"

namespace nameplate {

class Fields {
 public:
  // `where` names the object in messages: "run", "multiply.a".
  Fields(const Napi::Value& value, std::string where) : where_(std::move(where)) {
    if (!value.IsObject() || value.IsArray() || value.IsFunction() || value.IsTypedArray() ||
        value.IsArrayBuffer())
      throw Error("EINVAL", where_ + " takes one object");
    const auto object = value.As<Napi::Object>();
    const Napi::Array names = object.GetPropertyNames();
    for (std::uint32_t i = 0; i < names.Length(); ++i) {
      const std::string name = names.Get(i).ToString();
      values_[name] = object.Get(name);
    }
  }

  bool has(const char* name) const {
    const auto found = values_.find(name);
    return found != values_.end() && !found->second.IsUndefined();
  }

  Napi::Value take(const char* name) {
    const auto found = values_.find(name);
    if (found == values_.end() || found->second.IsUndefined())
      throw Error("EINVAL", where_ + " needs the field " + name);
    const Napi::Value value = found->second;
    values_.erase(found);
    return value;
  }

  std::string text(const char* name) {
    const Napi::Value value = take(name);
    if (!value.IsString()) throw wrong(name, "a string");
    const std::string text = value.As<Napi::String>();
    if (text.size() > 4096) throw wrong(name, "a string of at most 4096 bytes");
    return text;
  }

  // A whole number from 0 to `most`.
  std::size_t count(const char* name, double most = 9007199254740991.0) {
    return count(take(name), where_ + "." + name, most);
  }

  static std::size_t count(const Napi::Value& value, const std::string& where, double most) {
    const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : -1;
    if (!(number >= 0 && number <= most) || number != std::floor(number))
      throw Error(
          value.IsNumber() ? "ERANGE" : "EINVAL",
          where + " must be a whole number from 0 to " + std::to_string(static_cast<std::uint64_t>(most)));
    return static_cast<std::size_t>(number);
  }

  double number(const char* name, double least, double most) {
    const Napi::Value value = take(name);
    const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : 0;
    if (!value.IsNumber() || !(number >= least && number <= most))
      throw wrong(name, "a number from " + shortest(least) + " to " + shortest(most));
    return number;
  }

  // Any number at all, an infinity and NaN among them.
  double real(const char* name) {
    const Napi::Value value = take(name);
    if (!value.IsNumber()) throw wrong(name, "a number");
    return value.As<Napi::Number>().DoubleValue();
  }

  bool flag(const char* name) {
    const Napi::Value value = take(name);
    if (!value.IsBoolean()) throw wrong(name, "true or false");
    return value.As<Napi::Boolean>();
  }

  // The index of the field's text in `names`.
  template <class Names>
  std::size_t choice(const char* name, const Names& names) {
    const std::string text = this->text(name);
    std::string allowed;
    std::size_t index = 0;
    for (const auto& candidate : names) {
      if (text == candidate) return index;
      allowed += (index++ ? ", " : "") + std::string(candidate);
    }
    throw wrong(name, "one of " + allowed);
  }

  std::vector<std::string> texts(const char* name) {
    const Napi::Value value = take(name);
    if (!value.IsArray()) throw wrong(name, "an array of strings");
    const auto array = value.As<Napi::Array>();
    if (array.Length() > 64) throw wrong(name, "an array of at most 64 strings");
    std::vector<std::string> texts;
    for (std::uint32_t i = 0; i < array.Length(); ++i) {
      const Napi::Value item = array.Get(i);
      if (!item.IsString()) throw wrong(name, "an array of strings");
      texts.push_back(item.As<Napi::String>());
    }
    return texts;
  }

  Fields object(const char* name) { return {take(name), where_ + "." + name}; }

  // Refuses fields that nobody asked for: a misspelt option must not be silently ignored.
  void end() const {
    for (const auto& [name, value] : values_)
      if (!value.IsUndefined()) throw Error("EINVAL", where_ + " has no field " + name.substr(0, 64));
  }

  Error wrong(const char* name, const std::string& wanted) const {
    return {"EINVAL", where_ + "." + name + " must be " + wanted};
  }

  // The object has none of the fields of which it must have one.
  Error lacking(const std::string& names) const {
    return {"EINVAL", where_ + " needs one of the fields " + names};
  }

 private:
  // 4294967295 and 1e-06, where std::to_string has 4294967295.000000 and 0.000001.
  static std::string shortest(double number) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.10g", number);
    return text.data();
  }

  std::string where_;
  std::map<std::string, Napi::Value> values_;
};

// The bytes of an ArrayBuffer or of a view of one. Valid until JavaScript runs again.
inline std::span<const std::byte> bytesOf(const Napi::Value& value, const std::string& where) {
  // A view may lie in a SharedArrayBuffer, which N-API has no other question for.
  const auto unshared = [&where](const Napi::ArrayBuffer& buffer) {
    if (!buffer.IsArrayBuffer()) throw Error("EINVAL", where + " must not lie in a SharedArrayBuffer");
    return buffer;
  };
  if (value.IsTypedArray()) {
    const auto array = value.As<Napi::TypedArray>();
    Napi::ArrayBuffer buffer = unshared(array.ArrayBuffer());
    return {static_cast<const std::byte*>(buffer.Data()) + array.ByteOffset(), array.ByteLength()};
  }
  if (value.IsDataView()) {
    const auto view = value.As<Napi::DataView>();
    unshared(view.ArrayBuffer());
    return {static_cast<const std::byte*>(view.Data()), view.ByteLength()};
  }
  if (value.IsArrayBuffer()) {
    auto buffer = value.As<Napi::ArrayBuffer>();
    return {static_cast<const std::byte*>(buffer.Data()), buffer.ByteLength()};
  }
  throw Error("EINVAL", where + " must be a typed array, a DataView or an ArrayBuffer");
}

}  // namespace nameplate
