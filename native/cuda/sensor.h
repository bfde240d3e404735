// What NVML is asked for again and again while a window is timed: values, and counters that only rise.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cuda/nvml.h"

namespace nameplate::cuda {

// One value that NVML is asked for again and again, and why it was not given the last time.
class Sensor {
 public:
  explicit Sensor(const char* name) : name_(name) {}

  // The answer times `unit`. `Value` is the type that the call writes.
  template <typename Value, typename Call, typename... Arguments>
  std::optional<double> ask(double unit, Call call, Arguments... arguments) {
    Value value{};
    if (!call) return refuse("not in this version of NVML");
    if (const NvmlReturn result = call(arguments..., &value); result != 0) return refuse(result);
    return answer(static_cast<double>(value) * unit);
  }

  // All entries of a list. `call` is given room for `count` of them, and writes how many there are.
  template <typename Entry, typename Call>
  std::optional<std::vector<Entry>> list(bool known, Call call) {
    if (!known) return refuse("not in this version of NVML");
    std::vector<Entry> entries;  // none at first: how many there are is asked so
    NvmlReturn result = nvmlInsufficientSize;
    for (int tries = 0; tries < 4 && result == nvmlInsufficientSize; ++tries) {
      auto count = static_cast<unsigned>(entries.size());
      result = call(&count, entries.empty() ? nullptr : entries.data());
      constexpr unsigned meanwhile = 8;  // that may come before the next try
      entries.resize(result == nvmlInsufficientSize ? count + meanwhile : count);
    }
    if (result != 0) return refuse(result);
    refusal_.clear();  // whether that is an answer, is for the caller to see
    return entries;
  }

  std::optional<double> askField(double unit, NvmlDevice device, unsigned field) {
    NvmlFieldValue value{.fieldId = field,
                         .scopeId = 0,
                         .timestamp = 0,
                         .latency = 0,
                         .valueType = 0,
                         .result = 0,
                         .value = {}};
    if (!nvml()->fieldValues) return refuse("not in this version of NVML");
    if (const NvmlReturn result = nvml()->fieldValues(device, 1, &value); result != 0) return refuse(result);
    if (value.result != 0) return refuse(value.result);
    constexpr int unsignedInt = 1;  // NVML_VALUE_TYPE_UNSIGNED_INT
    if (value.valueType != unsignedInt) return refuse("answered in a type that is not expected");
    return answer(value.value.whole * unit);
  }

  std::string name() const { return name_; }

  std::nullopt_t refuse(std::string why) {
    refusal_ = std::move(why);
    return std::nullopt;
  }

  std::nullopt_t refuse(NvmlReturn result) {
    const char* text = nvml()->errorString ? nvml()->errorString(result) : nullptr;
    return refuse(text ? text : "error " + std::to_string(result));
  }

  // What it is not to be blamed for not having told.
  void allow() { refusal_.clear(); }

  // A device that falls off the bus answers at first, and then no more.
  void explain(std::string& missing) const {
    if (refusal_.empty()) return;
    missing += (missing.empty() ? "" : "; ") + std::string(name_) + ": " +
               (answered_ ? "no answer any more: " : "") + refusal_;
  }

 private:
  double answer(double value) {
    answered_ = true;
    refusal_.clear();
    return value;
  }

  const char* name_;
  bool answered_ = false;
  std::string refusal_ = "never asked";
};

// A counter that only rises: what it rose by between two looks.
struct Counter {
  Sensor sensor;
  bool looked = false;
  std::optional<double> first{}, last{};
  void look(std::optional<double> value) {
    if (!looked) first = value;
    looked = true;
    last = value;
  }
  void explain(std::string& missing) const {
    sensor.explain(missing);
    if (!first && last)
      missing += (missing.empty() ? "" : "; ") + sensor.name() + ": no answer when the window began";
  }
  std::optional<double> rise() const {
    if (!first || !last) return std::nullopt;
    return *last - *first;
  }
};

}  // namespace nameplate::cuda
