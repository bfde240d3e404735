// What was measured, in the objects of src/schema/result.ts and conditions.ts.
#include "door/answers.h"
#include "door/object.h"

namespace nameplate {
namespace {

Napi::Value answer(Napi::Env env, const std::optional<Series>& series) {
  if (!series) return env.Null();
  return Object(env).set("median", series->median).set("min", series->min).set("max", series->max);
}

// Column by column: a thousand small objects would be slower to make and to read.
Napi::Value answer(Napi::Env env, const std::vector<Reading>& readings) {
  if (readings.empty()) return env.Null();
  Object trace(env);
  const auto column = [&](const char* name, auto valueOf) {
    auto values = Napi::Array::New(env, readings.size());
    for (std::uint32_t i = 0; i < readings.size(); ++i) values[i] = value(env, valueOf(readings[i]));
    trace.set(name, Napi::Value(values));
  };
  const double start = readings.front().at;
  column("at", [start](const Reading& reading) { return reading.at - start; });
  column("clockHz", [](const Reading& reading) { return reading.clockHz; });
  column("memoryClockHz", [](const Reading& reading) { return reading.memoryClockHz; });
  column("powerWatts", [](const Reading& reading) { return reading.powerWatts; });
  column("temperatureCelsius", [](const Reading& reading) { return reading.temperatureCelsius; });
  column("memoryTemperatureCelsius", [](const Reading& reading) { return reading.memoryTemperatureCelsius; });
  column("throttle", [](const Reading& reading) {
    return reading.throttle ? std::optional(static_cast<double>(*reading.throttle)) : std::nullopt;
  });
  return trace;
}

Napi::Value answer(Napi::Env env, const Conditions& c) {
  const auto shares = throttleShares(c.readings);
  auto throttle = Napi::Array::New(env, shares.size());
  for (std::uint32_t i = 0; i < shares.size(); ++i)
    throttle[i] = Napi::Value(Object(env).set("reason", shares[i].first).set("share", shares[i].second));
  const auto over = [&](std::optional<double> Reading::* value) {
    return answer(env, series(c.readings, value));
  };
  Napi::Value link = env.Null(), nvlinks = env.Null(), others = env.Null();
  if (c.linkGeneration && c.linkWidth)
    link = Object(env)
               .set("generation", c.linkGeneration)
               .set("width", c.linkWidth)
               .set("replays", c.linkReplays);
  if (c.nvlinks) nvlinks = Object(env).set("present", c.nvlinks).set("active", c.nvlinksActive);
  if (c.otherProcesses)
    others = Object(env)
                 .set("count", c.otherProcesses)
                 .set("memoryBytes", c.otherMemoryBytes)
                 .set("smShare", c.otherSmShare);
  return Object(env)
      .set("source", c.source)
      .set("missing", c.missing)
      .set("samples", c.readings.size())
      .set("seconds", c.seconds)
      .set("clockHz", over(&Reading::clockHz))
      .set("memoryClockHz", over(&Reading::memoryClockHz))
      .set("powerWatts", over(&Reading::powerWatts))
      .set("temperatureCelsius", over(&Reading::temperatureCelsius))
      .set("memoryTemperatureCelsius", over(&Reading::memoryTemperatureCelsius))
      .set("energyJoules", c.energyJoules)
      .set("correctedErrors", c.correctedErrors)
      .set("uncorrectedErrors", c.uncorrectedErrors)
      .set("link", link)
      .set("nvlinks", nvlinks)
      .set("otherProcesses", others)
      .set("throttle", throttle)
      .set("trace", answer(env, c.readings));
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
      .set("flopCounted", work.flopCounted)
      .set("bytes", work.bytes)
      .set("bytesCounted", work.bytesCounted)
      .set("workingSetBytes", work.workingSetBytes)
      .set("rotations", work.rotations)
      .set("steps", work.steps)
      .set("leadingDimensions", leading)
      .set("accumulator", nullIfEmpty(env, work.accumulator))
      .set("output", nullIfEmpty(env, work.output));
}

Napi::Value answer(Napi::Env env, const Verification::Difference& difference) {
  return Object(env)
      .set("at", difference.at)
      .set("expected", difference.expected)
      .set("actual", difference.actual);
}

Napi::Value answer(Napi::Env env, const Verification& v) {
  const Napi::Value first = v.first ? answer(env, *v.first) : env.Null();
  return Object(env)
      .set("method", v.method)
      .set("compared", v.compared)
      .set("worst", v.worst)
      .set("bound", v.bound)
      .set("differences", v.differences)
      .set("first", first)
      .set("timedLaunchesCompared", v.timedLaunchesCompared)
      .set("sumBits", v.sumBits);
}

}  // namespace

Napi::Value answer(Napi::Env env, const Outcome& outcome) {
  Object object(env);
  object.set("provider", outcome.provider);
  if (const auto* reason = std::get_if<Unsupported>(&outcome.result))
    return object.set("outcome", std::string_view("unsupported")).set("reason", std::string(reason->what()));
  if (const auto* error = std::get_if<Failure>(&outcome.result))
    return object.set("outcome", std::string_view("failed"))
        .set("code", error->code)
        .set("message", error->message)
        .set("uncorrectedErrors", error->uncorrectedErrors);
  const auto& measured = std::get<Measured>(outcome.result);
  object.set("kernel", answer(env, measured.kernel))
      .set("work", answer(env, measured.work))
      .set("verification", answer(env, measured.verification));
  if (!measured.burst || !measured.sustained) return object.set("outcome", std::string_view("wrong"));
  return object.set("outcome", std::string_view("measured"))
      .set("burst", answer(env, *measured.burst))
      .set("sustained", answer(env, *measured.sustained))
      .set("ceiling", answer(env, measured.ceiling))
      .set("untimedErrors", measured.untimedErrors);
}

Napi::Value answer(Napi::Env env, const SoakError& error) {
  constexpr std::array<std::string_view, 3> damaged{"output", "input", "verified"};
  return Object(env)
      .set("seconds", error.at)
      .set("damaged", damaged[static_cast<std::size_t>(error.damaged)])
      .set("differences", error.differences)
      .set("first", answer(env, error.first));
}

Napi::Value answer(Napi::Env env, const SoakStep& step) {
  Napi::Value failure = env.Null();
  if (step.failure)
    failure = Object(env).set("code", step.failure->code).set("message", step.failure->message);
  return Object(env)
      .set("kernel", answer(env, step.kernel))
      .set("work", answer(env, step.work))
      .set("verification", answer(env, step.verification))
      .set("seconds", step.seconds)
      .set("endedAt", step.endedAt)
      .set("busySeconds", step.busySeconds)
      .set("launches", step.launches)
      .set("wrongRounds", step.wrongRounds)
      .set("errors", Napi::Value(answerAll(env, step.errors)))
      .set("conditions", answer(env, step.conditions))
      .set("failure", failure);
}

Napi::Error failure(Napi::Env env, const std::string& code, const std::string& message) {
  const Napi::Error error = Napi::Error::New(env, message);
  error.Set("code", Napi::String::New(env, code));
  return error;
}

}  // namespace nameplate
