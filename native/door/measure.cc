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

Inventory takeInventory(std::size_t threads) {
  Inventory all;
  for (const Backend* backend : {&cpuBackend, &cudaBackend}) {
    for (Facts& facts : backend->devices(threads, all.absences)) all.devices.push_back(std::move(facts));
    for (Library& library : backend->libraries()) all.libraries.push_back(std::move(library));
  }
  for (const cuda::Image& image : cuda::heldImages()) all.images.push_back(image.file);
  if (all.images.empty())
    all.absences.push_back(
        {"CUDA kernels", "this build holds no device code",
         "install CMake and a CUDA toolkit (nvcc 12.0 or later) that takes the host's compiler, "
         "and build again"});
  return all;
}

// Null, or left out: the device's own choice, which is 0 here.
std::size_t threadsOf(Fields& fields) {
  constexpr double most = 1 << 20;
  if (!fields.has("threads")) return 0;
  const Napi::Value value = fields.take("threads");
  if (value.IsNull()) return 0;
  const std::size_t threads = Fields::count(value, "threads", most);
  if (threads == 0) throw Error("ERANGE", "threads must be at least 1, or null for one per core");
  return threads;
}

Napi::Value inventory(Door& door, const Napi::CallbackInfo& info) {
  Fields fields = argument(info, "inventory");
  const std::size_t threads = threadsOf(fields);
  fields.end();
  return door.submit(
      info.Env(), door.measuring.queue, [threads] { return takeInventory(threads); },
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
  constexpr double mostElements = 1 << 20, mostBytes = 1e13, mostKernels = 1 << 16, mostSteps = 1 << 16;
  Shape shape;
  if (fields.has("bytes")) {
    shape.bytes = fields.count("bytes", mostBytes);
    if (fields.has("peer")) {
      const Napi::Value peer = fields.take("peer");
      if (!peer.IsNull() && !peer.IsString())
        throw fields.wrong("peer", "the id or UUID of another device, or null");
      if (peer.IsString()) shape.peer = peer.As<Napi::String>();
    }
  } else if (fields.has("kernels")) {
    shape.kernels = fields.count("kernels", mostKernels);
  } else if (fields.has("steps")) {
    shape.steps = fields.count("steps", mostSteps);
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
  const bool launch = std::holds_alternative<LaunchOperation>(operation->what);
  const bool dpx = std::holds_alternative<DpxOperation>(operation->what);
  if (gemm && (shape.m == 0 || shape.n == 0 || shape.k == 0))
    throw Error("ERANGE", id + " needs a shape {m, n, k} of at least 1 each: zero work cannot be measured");
  if (launch && shape.kernels == 0) throw Error("ERANGE", id + " needs a shape {kernels} above 0");
  if (dpx && shape.steps == 0) throw Error("ERANGE", id + " needs a shape {steps} above 0");
  if (!gemm && !launch && !dpx && shape.bytes == 0)
    throw Error("ERANGE", id + " needs a shape {bytes} above 0");
}

// The measuring device stays open from one call to the next, unless another is asked for.
Device& measuringDevice(Door& door, const std::string& id, std::size_t threads) {
  if (!door.measuring.device || door.measuringId != id || door.measuringThreads != threads) {
    door.measuring.clear();
    door.measuringId.clear();
    door.measuring.device = backendOf(id).open(id, threads);
    door.measuringId = id;
    door.measuringThreads = threads;
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
  const std::size_t threads = threadsOf(fields);
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
      [&door, device, threads, request] {
        Device& used = measuringDevice(door, device, threads);
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
  const std::size_t threads = threadsOf(fields);
  const double seconds = fields.number("seconds", 0, longestSeconds);
  fields.end();
  requireWork(request.operation, operation, request.shape);
  door.cancelled = false;
  return door.submit(
      info.Env(), door.measuring.queue,
      [&door, device, threads, request, seconds] {
        Device& used = measuringDevice(door, device, threads);
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
