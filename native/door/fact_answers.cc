// What is here, in the objects of src/schema/facts.ts.
#include "door/answers.h"
#include "door/object.h"

namespace nameplate {

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

Napi::Value answer(Napi::Env env, const Cache& cache) {
  return Object(env).set("level", cache.level).set("bytes", cache.bytes).set("sharedBy", cache.sharedBy);
}

Napi::Value answer(Napi::Env env, const std::optional<LinkEnd>& end) {
  if (!end) return env.Null();
  return Object(env).set("generation", end->generation).set("width", end->width);
}

Napi::Value answer(Napi::Env env, const std::optional<MemoryRepair>& repair) {
  if (!repair) return env.Null();
  return Object(env)
      .set("means", std::string_view(repair->rows ? "remapped rows" : "retired pages"))
      .set("corrected", repair->corrected)
      .set("uncorrected", repair->uncorrected)
      .set("pending", repair->pending)
      .set("failed", repair->failed);
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
      .set("caches", Napi::Value(answerAll(env, f.caches)))
      .set("maxClockHz", f.maxClockHz)
      .set("maxMemoryClockHz", f.maxMemoryClockHz)
      .set("memoryBusBits", f.memoryBusBits)
      .set("powerLimitWatts", f.powerLimitWatts)
      .set("powerLimitDefaultWatts", f.powerLimitDefaultWatts)
      .set("ecc", f.ecc)
      .set("memoryRepair", answer(env, f.memoryRepair))
      .set("recoveryAction", f.recoveryAction)
      .set("mig", f.mig)
      .set("integrated", f.integrated)
      .set("simulated", f.simulated)
      .set("pciBusId", f.pciBusId)
      .set("pciDeviceId", f.pciDeviceId)
      .set("linkGeneration", f.linkGeneration)
      .set("linkWidth", f.linkWidth)
      .set("linkMaxGeneration", f.linkMaxGeneration)
      .set("linkMaxWidth", f.linkMaxWidth)
      .set("linkCard", answer(env, f.linkCard))
      .set("linkSlot", answer(env, f.linkSlot))
      .set("numaNode", f.numaNode)
      .set("features", Napi::Value(answerTexts(env, f.features)));
}

Napi::Value answer(Napi::Env env, const Absence& absence) {
  return Object(env)
      .set("what", absence.what)
      .set("reason", absence.reason)
      .set("remedy", absence.remedy)
      .set("code", nullIfEmpty(env, absence.code));
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
      .set("unit", operation.unit())
      .set("providers",
           Napi::Value(Object(env).set("cpu", names(operation.cpu)).set("cuda", names(operation.cuda))));
}

}  // namespace nameplate
