// The verbs of measuring: what is here, what can be asked, run, cancel.
#include <numeric>

#include "cuda/images.h"
#include "door/door.h"

namespace nameplate {
namespace {

#ifdef __clang__
constexpr auto compiler = "clang++ " __clang_version__;
#else
constexpr auto compiler = "g++ " __VERSION__;
#endif

struct Inventory {
  std::vector<Facts> devices;
  std::vector<Absence> absences;
  std::vector<Library> libraries;
  std::vector<std::string> images;
};

Inventory takeInventory() {
  Inventory all;
  for (const Backend* backend : {&cpuBackend, &cudaBackend}) {
    for (Facts& facts : backend->devices(all.absences)) all.devices.push_back(std::move(facts));
    for (Library& library : backend->libraries()) all.libraries.push_back(std::move(library));
  }
  for (const cuda::Image& image : cuda::heldImages()) all.images.push_back(image.file);
  if (all.images.empty())
    all.absences.push_back({"CUDA kernels", "this build holds no device code",
                            "install the CUDA toolkit (nvcc 12.0 or later) and CMake, and build again"});
  return all;
}

Napi::Value inventory(Door& door, const Napi::CallbackInfo& info) {
  argument(info, "inventory").end();
  return door.submit(info.Env(), door.measuring.queue, takeInventory,
                     [](Napi::Env env, const Inventory& all) {
                       auto build = Napi::Object::New(env);
                       build["version"] = NAMEPLATE_VERSION;
                       build["compiler"] = compiler;
                       build["images"] = answerTexts(env, all.images);
                       auto object = Napi::Object::New(env);
                       object["build"] = build;
                       object["devices"] = answerAll(env, all.devices);
                       object["libraries"] = answerAll(env, all.libraries);
                       object["absences"] = answerAll(env, all.absences);
                       return object;
                     });
}

Napi::Value operationTable(Door&, const Napi::CallbackInfo& info) {
  argument(info, "operations").end();
  return answerAll(info.Env(), operations());
}

Shape shapeOf(Fields fields) {
  constexpr double mostElements = 1 << 20, mostBytes = 1e13;
  Shape shape;
  if (fields.has("bytes")) {
    shape.bytes = fields.count("bytes", mostBytes);
  } else {
    shape.m = fields.count("m", mostElements);
    shape.n = fields.count("n", mostElements);
    shape.k = fields.count("k", mostElements);
  }
  fields.end();
  return shape;
}

constexpr std::array<std::string_view, 4> patterns{"uniform", "normal", "integers", "zeros"};
constexpr double longestSeconds = 3600;

void requireWork(const Operation* operation, const std::string& id, const Shape& shape) {
  if (!operation) throw Error("EINVAL", "there is no operation " + id);
  const bool gemm = std::holds_alternative<GemmOperation>(operation->what);
  if (gemm && (shape.m == 0 || shape.n == 0 || shape.k == 0))
    throw Error("ERANGE", id + " needs a shape {m, n, k} of at least 1 each: zero work cannot be measured");
  if (!gemm && shape.bytes == 0) throw Error("ERANGE", id + " needs a shape {bytes} above 0");
}

// The measuring device stays open from one call to the next, unless another is asked for.
Device& measuringDevice(Door& door, const std::string& id) {
  if (!door.measuring.device || door.measuringId != id) {
    door.measuring.clear();
    door.measuringId.clear();
    door.measuring.device = backendOf(id).open(id);
    door.measuringId = id;
  }
  return *door.measuring.device;
}

Napi::Value run(Door& door, const Napi::CallbackInfo& info) {
  Fields fields = argument(info, "run");
  const std::string device = fields.text("device"), operation = fields.text("operation");
  Request request{.operation = findOperation(operation),
                  .shape = shapeOf(fields.object("shape")),
                  .providers = fields.texts("providers"),
                  .data = static_cast<Data>(fields.choice("data", patterns)),
                  .seed = fields.count("seed"),
                  .telemetry = fields.flag("telemetry"),
                  .fault = static_cast<Fault>(fields.choice("fault", faultNames)),
                  .budget = {}};
  Fields budget = fields.object("budget");
  request.budget = {
      budget.number("warmupSeconds", 0, longestSeconds), budget.number("burstSeconds", 0, longestSeconds),
      budget.number("sustainedSeconds", 0, longestSeconds), budget.number("precision", 1e-6, 1)};
  budget.end();
  fields.end();
  requireWork(request.operation, operation, request.shape);
  door.cancelled = false;
  return door.submit(
      info.Env(), door.measuring.queue,
      [&door, device, request] {
        Device& used = measuringDevice(door, device);
        door.measuring.soak.reset();
        return sample(used, request, door.cancelled);
      },
      [](Napi::Env env, const std::vector<Outcome>& outcomes) {
        auto object = Napi::Object::New(env);
        object["results"] = answerAll(env, outcomes);
        return object;
      });
}

// One step of a soak. The first makes the inputs and verifies; the same request again goes on with them.
Napi::Value soak(Door& door, const Napi::CallbackInfo& info) {
  Fields fields = argument(info, "soak");
  const std::string device = fields.text("device"), operation = fields.text("operation");
  const SoakRequest request{.operation = findOperation(operation),
                            .shape = shapeOf(fields.object("shape")),
                            .provider = fields.text("provider"),
                            .data = static_cast<Data>(fields.choice("data", patterns)),
                            .seed = fields.count("seed"),
                            .fault = static_cast<Fault>(fields.choice("fault", faultNames))};
  const double seconds = fields.number("seconds", 0, longestSeconds);
  fields.end();
  requireWork(request.operation, operation, request.shape);
  door.cancelled = false;
  return door.submit(
      info.Env(), door.measuring.queue,
      [&door, device, request, seconds] {
        Device& used = measuringDevice(door, device);
        std::unique_ptr<Soak>& soak = door.measuring.soak;
        if (!soak || soak->request() != request) {
          soak.reset();  // its memory goes before the next one's is asked for
          soak = std::make_unique<Soak>(used, request);
        }
        return soak->step(seconds, door.cancelled);
      },
      [](Napi::Env env, const SoakStep& step) { return answer(env, step); });
}

Napi::Value cancel(Door& door, const Napi::CallbackInfo& info) {
  argument(info, "cancel").end();
  door.cancelled = true;
  return info.Env().Undefined();
}

}  // namespace

void exportMeasure(Napi::Env env, Napi::Object exports) {
  exportFunction<inventory>(env, exports, "inventory");
  exportFunction<operationTable>(env, exports, "operations");
  exportFunction<run>(env, exports, "run");
  exportFunction<soak>(env, exports, "soak");
  exportFunction<cancel>(env, exports, "cancel");
}

}  // namespace nameplate
