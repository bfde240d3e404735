#include "cuda/watch.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "cuda/nvml.h"
#include "cuda/processes.h"
#include "cuda/sensor.h"
#include "thread.h"

namespace nameplate::cuda {
namespace {

// 40 readings a second. The calls of one reading take the driver some hundred microseconds of a processor's
// time and none of the GPU's.
constexpr std::chrono::milliseconds interval{25};

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

class NvmlWatch final : public Watch {
 public:
  // `peer` is null where there is none, and `slice` the device itself where it is none.
  NvmlWatch(NvmlDevice device, NvmlDevice slice, NvmlDevice peer, bool mps, bool averages, int errorCounter,
            std::string caveat)
      : device_(device),
        peer_(peer),
        others_(slice, mps),
        averages_(averages),
        errorCounter_(errorCounter),
        caveat_(std::move(caveat)),
        thread_(startThread([this] { run(); })) {
    // The window begins with the first reading, and not with a thread that has yet to start.
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return started_; });
  }
  ~NvmlWatch() override { end(); }

  Conditions stop() override {
    end();
    Conditions conditions = std::move(conditions_);
    conditions.source = "nvml";
    conditions.missing = caveat_;
    conditions.seconds = conditions.readings.back().at - conditions.readings.front().at;
    conditions.energyJoules = energy_.rise();
    if (conditions.energyJoules) conditions.energyCounter = energy_.last;
    conditions.correctedErrors = corrected_.rise();
    conditions.uncorrectedErrors = uncorrected_.rise();
    if (const auto lost = peerUncorrected_.rise())
      conditions.uncorrectedErrors = conditions.uncorrectedErrors.value_or(0) + *lost;
    conditions.linkReplays = replays_.rise();
    for (const Sensor* sensor :
         {&clock_, &memoryClock_, &power_, &temperature_, &memoryTemperature_, &reasons_, &link_, &nvlinks_})
      sensor->explain(conditions.missing);
    if (averaged_) {
      if (!conditions.missing.empty()) conditions.missing += "; ";
      conditions.missing += "power of the moment: this driver gives the mean of the last second";
    }
    for (const Counter* counter : {&energy_, &corrected_, &uncorrected_, &replays_})
      counter->explain(conditions.missing);
    if (peer_) peerUncorrected_.explain(conditions.missing);
    others_.explain(conditions.missing);
    return conditions;
  }

 private:
  void run() {
    count();
    read();
    std::unique_lock lock(mutex_);
    started_ = true;
    changed_.notify_all();
    while (!changed_.wait_for(lock, interval, [this] { return ending_; })) {
      lock.unlock();
      read();
      lock.lock();
    }
    lock.unlock();
    read();  // so that the shortest window has a beginning and an end
    count();
  }

  void end() {
    {
      const std::lock_guard lock(mutex_);
      ending_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
  }

  void read() {
    const Nvml& library = *nvml();
    const auto reasons = library.eventReasons ? library.eventReasons : library.throttleReasons;
    Reading& reading = conditions_.readings.emplace_back();
    reading.at = now();
    reading.clockHz = clock_.ask<unsigned>(1e6, library.clock, device_, nvmlSmClock);
    reading.memoryClockHz = memoryClock_.ask<unsigned>(1e6, library.clock, device_, nvmlMemoryClock);
    // Since Ampere, GA100 excepted (nvml.h says so), the older call gives the mean of the last second, and
    // most windows are shorter.
    reading.powerWatts = power_.askField(1e-3, device_, nvmlInstantPower);
    if (!reading.powerWatts) {
      reading.powerWatts = power_.ask<unsigned>(1e-3, library.power, device_);
      averaged_ = averages_ && reading.powerWatts;
    }
    reading.temperatureCelsius = temperature_.ask<unsigned>(1, library.temperature, device_, nvmlGpuSensor);
    reading.memoryTemperatureCelsius = memoryTemperature_.askField(1, device_, nvmlMemoryTemperature);
    if (const auto bits = reasons_.ask<unsigned long long>(1, reasons, device_))
      reading.throttle = static_cast<std::uint64_t>(*bits);
  }

  // What is cheap to ask for twice a window, and too dear for every reading.
  void count() {
    const Nvml& library = *nvml();
    const auto errors = [&](Counter& counter, NvmlDevice device, int kind) {
      counter.look(counter.sensor.ask<unsigned long long>(1, library.eccErrors, device, kind, errorCounter_));
    };
    energy_.look(energy_.sensor.ask<unsigned long long>(1e-3, library.energy, device_));
    errors(corrected_, device_, nvmlCorrected);
    errors(uncorrected_, device_, nvmlUncorrected);
    if (peer_) errors(peerUncorrected_, peer_, nvmlUncorrected);
    replays_.look(replays_.sensor.ask<unsigned>(1, library.linkReplays, device_));
    Conditions found;
    found.linkGeneration = link_.ask<unsigned>(1, library.linkGeneration, device_);
    found.linkWidth = link_.ask<unsigned>(1, library.linkWidth, device_);
    countLinks(found);
    others_.look(found);
    conditions_.source = "nvml";
    merge(conditions_, found);
  }

  // A device without NVLink refuses its first link, and one with fewer links the one after its last. Of one
  // that stops answering among them, those before would pass for all it has.
  void countLinks(Conditions& found) {
    unsigned links = 0, up = 0;
    NvmlReturn result = 0;
    for (; nvml()->nvlinkState && links < nvmlMostLinks; ++links) {
      unsigned active = 0;
      result = nvml()->nvlinkState(device_, links, &active);
      if (result != 0) break;
      up += active;
    }
    if (result != 0 && result != nvmlInvalidArgument && result != nvmlNotSupported) {
      nvlinks_.refuse(result);
      return;
    }
    nvlinks_.allow();
    if (links == 0) return;
    found.nvlinks = links;
    found.nvlinksActive = up;
  }

  NvmlDevice device_, peer_;
  OtherProcesses others_;
  bool averages_;          // what the older call for the power gives
  bool averaged_ = false;  // it had to be asked, and did
  int errorCounter_;
  std::string caveat_;
  Conditions conditions_;
  Sensor clock_{"clock"}, memoryClock_{"memory clock"}, power_{"power"}, temperature_{"temperature"},
      memoryTemperature_{"memory temperature"}, reasons_{"throttle reasons"}, link_{"PCI Express link"},
      nvlinks_{"NVLinks"};
  Counter energy_{Sensor("energy")}, corrected_{Sensor("corrected ECC errors")},
      uncorrected_{Sensor("uncorrected ECC errors")},
      peerUncorrected_{Sensor("uncorrected ECC errors of the peer")}, replays_{Sensor("PCI Express replays")};

  std::mutex mutex_;
  std::condition_variable changed_;
  bool started_ = false, ending_ = false;
  std::thread thread_;  // last, so that all it uses is there before it starts
};

class NoWatch final : public Watch {
 public:
  explicit NoWatch(std::string why) : why_(std::move(why)) {}
  Conditions stop() override {
    Conditions conditions;
    conditions.source = "none";
    conditions.missing = why_;
    return conditions;
  }

 private:
  std::string why_;
};

// Since Ampere, GA100 excepted.
bool averagesPower(const Facts& device) {
  return device.computeCapability && std::stod(*device.computeCapability) > 8.0;
}

// A GPU that is cut into slices does not tell its volatile errors ("currently not supported", nvml.h says).
// Of either counter only the rise is asked.
int errorCounter(const Facts& device) {
  return device.mig ? nvmlAggregate : nvmlVolatile;
}

}  // namespace

std::unique_ptr<Watch> watchDevice(const Facts& device, const std::optional<Facts>& peer) {
  if (const auto absence = nvmlAbsence()) return std::make_unique<NoWatch>(absence->reason);
  const NvmlDevice whole = nvmlDevice(device), slice = nvmlDeviceOrSlice(device);
  if (!whole) return std::make_unique<NoWatch>("NVML does not know this device");
  return std::make_unique<NvmlWatch>(
      whole, device.mig && slice == whole ? nullptr : slice, peer ? nvmlDevice(*peer) : nullptr,
      std::ranges::find(device.features, "MPS") != device.features.end(), averagesPower(device),
      errorCounter(device),
      device.mig ? "values of this MIG slice alone: what is given is the whole GPU's, save its processes"
                 : "");
}

std::optional<double> uncorrectedErrorsOf(const Facts& asked) {
  const NvmlDevice device = nvmlDevice(asked);
  if (!device || !nvml()->eccErrors) return std::nullopt;
  unsigned long long errors = 0;
  if (nvml()->eccErrors(device, nvmlUncorrected, errorCounter(asked), &errors) != 0) return std::nullopt;
  return static_cast<double>(errors);
}

}  // namespace nameplate::cuda
