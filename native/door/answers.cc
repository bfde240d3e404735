#include "door/answers.h"

namespace nameplate {
namespace {

Napi::Value value(Napi::Env env, bool b) {
  return Napi::Boolean::New(env, b);
}
Napi::Value value(Napi::Env env, double number) {
  return Napi::Number::New(env, number);
}
Napi::Value value(Napi::Env env, std::size_t number) {
  return Napi::Number::New(env, static_cast<double>(number));
}
Napi::Value value(Napi::Env env, std::string_view text) {
  return Napi::String::New(env, text.data(), text.size());
}
Napi::Value value(Napi::Env env, const std::string& text) {
  return Napi::String::New(env, text);
}
Napi::Value value(Napi::Env, Napi::Value ready) {
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

Napi::Value nullIfEmpty(Napi::Env env, std::string_view text) {
  return text.empty() ? env.Null() : value(env, text);
}

Napi::Value answer(Napi::Env env, const std::optional<Series>& series) {
  if (!series) return env.Null();
  return Object(env).set("median", series->median).set("min", series->min).set("max", series->max);
}

Napi::Value answer(Napi::Env env, const Conditions& c) {
  auto throttle = Napi::Array::New(env, c.throttle.size());
  for (std::uint32_t i = 0; i < c.throttle.size(); ++i)
    throttle[i] =
        Napi::Value(Object(env).set("reason", c.throttle[i].first).set("share", c.throttle[i].second));
  return Object(env)
      .set("source", c.source)
      .set("missing", c.missing)
      .set("samples", c.samples)
      .set("clockHz", answer(env, c.clockHz))
      .set("memoryClockHz", answer(env, c.memoryClockHz))
      .set("powerWatts", answer(env, c.powerWatts))
      .set("temperatureCelsius", answer(env, c.temperatureCelsius))
      .set("energyJoules", c.energyJoules)
      .set("throttle", throttle);
}

Napi::Value answer(Napi::Env env, const Phase& phase) {
  constexpr std::array<std::string_view, 3> stopped{"precise", "time", "cancelled"};
  auto seconds = Napi::Float64Array::New(env, phase.secondsPerLaunch.size());
  std::copy(phase.secondsPerLaunch.begin(), phase.secondsPerLaunch.end(), seconds.Data());
  return Object(env)
      .set("secondsPerLaunch", Napi::Value(seconds))
      .set("launchesPerSample", phase.launchesPerSample)
      .set("stopped", stopped[static_cast<std::size_t>(phase.stopped)])
      .set("conditions", answer(env, phase.conditions));
}

Napi::Value answer(Napi::Env env, const std::optional<Ceilings>& ceiling) {
  if (!ceiling) return env.Null();
  auto rates = Napi::Float64Array::New(env, ceiling->rates.size());
  std::copy(ceiling->rates.begin(), ceiling->rates.end(), rates.Data());
  return Object(env).set("how", ceiling->how).set("rates", Napi::Value(rates));
}

Napi::Value answer(Napi::Env env, const Kernel& kernel) {
  return Object(env)
      .set("name", kernel.name)
      .set("resource", kernel.resource)
      .set("tuned", kernel.tuned)
      .set("emulated", kernel.emulated)
      .set("note", kernel.note);
}

Napi::Value answer(Napi::Env env, const Work& work) {
  Napi::Value leading = env.Null();
  if (work.leadingDimensions) {
    const auto& [a, b, c] = *work.leadingDimensions;
    leading = Object(env).set("a", a).set("b", b).set("c", c);
  }
  return Object(env)
      .set("flop", work.flop)
      .set("bytes", work.bytes)
      .set("bytesCounted", work.bytesCounted)
      .set("workingSetBytes", work.workingSetBytes)
      .set("rotations", work.rotations)
      .set("leadingDimensions", leading)
      .set("accumulator", nullIfEmpty(env, work.accumulator))
      .set("output", nullIfEmpty(env, work.output));
}

Napi::Value answer(Napi::Env env, const Verification& v) {
  Napi::Value first = env.Null();
  if (v.first)
    first =
        Object(env).set("at", v.first->at).set("expected", v.first->expected).set("actual", v.first->actual);
  return Object(env)
      .set("method", v.method)
      .set("compared", v.compared)
      .set("worst", v.worst)
      .set("bound", v.bound)
      .set("differences", v.differences)
      .set("first", first)
      .set("timedLaunchesCompared", v.timedLaunchesCompared);
}

}  // namespace

Napi::Array answerTexts(Napi::Env env, const std::vector<std::string>& texts) {
  auto array = Napi::Array::New(env, texts.size());
  for (std::uint32_t i = 0; i < texts.size(); ++i) array[i] = texts[i];
  return array;
}

Napi::Value answer(Napi::Env env, const CoreGroup& group) {
  return Object(env)
      .set("vendor", group.vendor)
      .set("family", group.family)
      .set("model", group.model)
      .set("kind", nullIfEmpty(env, group.kind))
      .set("count", group.count)
      .set("maxClockHz", group.maxClockHz);
}

Napi::Value answer(Napi::Env env, const Facts& f) {
  return Object(env)
      .set("id", f.id)
      .set("backend", f.backend)
      .set("name", f.name)
      .set("uuid", f.uuid)
      .set("computeCapability", f.computeCapability)
      .set("driver", f.driver)
      .set("driverApi", f.driverApi)
      .set("multiprocessors", f.multiprocessors)
      .set("threads", f.threads)
      .set("mostThreads", f.mostThreads)
      .set("placement", nullIfEmpty(env, f.placement))
      .set("cores", Napi::Value(answerAll(env, f.cores)))
      .set("memoryBytes", f.memoryBytes)
      .set("l2Bytes", f.l2Bytes)
      .set("maxClockHz", f.maxClockHz)
      .set("maxMemoryClockHz", f.maxMemoryClockHz)
      .set("memoryBusBits", f.memoryBusBits)
      .set("powerLimitWatts", f.powerLimitWatts)
      .set("powerLimitDefaultWatts", f.powerLimitDefaultWatts)
      .set("ecc", f.ecc)
      .set("mig", f.mig)
      .set("integrated", f.integrated)
      .set("simulated", f.simulated)
      .set("pciBusId", f.pciBusId)
      .set("pciDeviceId", f.pciDeviceId)
      .set("linkGeneration", f.linkGeneration)
      .set("linkWidth", f.linkWidth)
      .set("linkMaxGeneration", f.linkMaxGeneration)
      .set("linkMaxWidth", f.linkMaxWidth)
      .set("features", Napi::Value(answerTexts(env, f.features)));
}

Napi::Value answer(Napi::Env env, const Absence& absence) {
  return Object(env).set("what", absence.what).set("reason", absence.reason).set("remedy", absence.remedy);
}

Napi::Value answer(Napi::Env env, const Library& library) {
  return Object(env).set("name", library.name).set("path", library.path).set("version", library.version);
}

Napi::Value answer(Napi::Env env, const Operation& operation) {
  const auto names = [&](std::span<const std::string_view> providers) {
    return Napi::Value(answerTexts(env, {providers.begin(), providers.end()}));
  };
  const auto* gemm = std::get_if<GemmOperation>(&operation.what);
  return Object(env)
      .set("id", operation.id)
      .set("family", operation.family())
      .set("operation", operation.name())
      .set("dtype", gemm ? value(env, row(gemm->dtype).name) : env.Null())
      .set("variant", nullIfEmpty(env, operation.variant))
      .set("unit", std::string_view(gemm ? "FLOP/s" : "B/s"))
      .set("providers",
           Napi::Value(Object(env).set("cpu", names(operation.cpu)).set("cuda", names(operation.cuda))));
}

Napi::Value answer(Napi::Env env, const Outcome& outcome) {
  Object object(env);
  object.set("provider", outcome.provider);
  if (const auto* reason = std::get_if<Unsupported>(&outcome.result))
    return object.set("outcome", std::string_view("unsupported")).set("reason", std::string(reason->what()));
  if (const auto* error = std::get_if<Failure>(&outcome.result))
    return object.set("outcome", std::string_view("failed"))
        .set("code", error->code)
        .set("message", error->message);
  const auto& measured = std::get<Measured>(outcome.result);
  object.set("kernel", answer(env, measured.kernel))
      .set("work", answer(env, measured.work))
      .set("verification", answer(env, measured.verification));
  if (!measured.burst || !measured.sustained) return object.set("outcome", std::string_view("wrong"));
  return object.set("outcome", std::string_view("measured"))
      .set("burst", answer(env, *measured.burst))
      .set("sustained", answer(env, *measured.sustained))
      .set("ceiling", answer(env, measured.ceiling));
}

Napi::Error failure(Napi::Env env, const std::string& code, const std::string& message) {
  const Napi::Error error = Napi::Error::New(env, message);
  error.Set("code", Napi::String::New(env, code));
  return error;
}

}  // namespace nameplate
