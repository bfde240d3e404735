#include "cuda/watch.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "cuda/nvml.h"

namespace nameplate::cuda {
namespace {

constexpr std::chrono::milliseconds interval{25};

// The bits of nvmlClocksEventReasons, called throttle reasons before R535, in the words of nvidia-smi. Bit 0
// is "idle", which holds nothing back. "hw slowdown" stands whenever one of the two more precise ones does.
struct Reason {
  unsigned long long bit;
  const char* name;
};
constexpr std::array<Reason, 8> reasons{{
    {0x2, "applications clocks setting"},
    {0x4, "sw power cap"},
    {0x8, "hw slowdown"},
    {0x10, "sync boost"},
    {0x20, "sw thermal slowdown"},
    {0x40, "hw thermal slowdown"},
    {0x80, "hw power brake slowdown"},
    {0x100, "display clock setting"},
}};
constexpr unsigned long long idleBit = 0x1;

std::string reasonName(unsigned bit) {
  for (const Reason& reason : reasons)
    if (reason.bit == 1ull << bit) return reason.name;
  return "reason bit " + std::to_string(bit);
}

// One thing that is sampled: its values so far, and the first refusal.
class Field {
 public:
  template <typename Call, typename Value, typename... Arguments>
  bool sample(double unit, Value value, Call call, Arguments... arguments) {
    if (!call) {
      refusal_ = "not in this version of NVML";
      return false;
    }
    if (const NvmlReturn result = call(arguments..., &value); result != 0) {
      const char* text = nvml()->errorString ? nvml()->errorString(result) : nullptr;
      refusal_ = text ? text : "error " + std::to_string(result);
      return false;
    }
    values_.push_back(static_cast<double>(value) * unit);
    last_ = static_cast<unsigned long long>(value);
    return true;
  }

  unsigned long long last() const { return last_; }
  const std::vector<double>& values() const { return values_; }

  std::optional<Series> series() const {
    if (values_.empty()) return std::nullopt;
    std::vector<double> sorted = values_;
    std::ranges::sort(sorted);
    const std::size_t middle = sorted.size() / 2;
    const double median = sorted.size() % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    return Series{median, sorted.front(), sorted.back()};
  }

  void explain(const char* name, std::string& missing) const {
    if (!values_.empty()) return;
    missing += (missing.empty() ? "" : "; ") + std::string(name) + ": " + refusal_;
  }

 private:
  std::vector<double> values_;
  unsigned long long last_ = 0;
  std::string refusal_ = "never sampled";
};

class NvmlWatch final : public Watch {
 public:
  NvmlWatch(NvmlDevice device, std::string caveat)
      : device_(device), caveat_(std::move(caveat)), thread_([this] { run(); }) {
    // The window begins with the first sample, and not with a thread that has yet to start.
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return started_; });
  }
  ~NvmlWatch() override { end(); }

  Conditions stop() override {
    end();
    Conditions conditions;
    conditions.source = "nvml";
    conditions.samples = samples_;
    conditions.missing = caveat_;
    conditions.clockHz = clock_.series();
    conditions.memoryClockHz = memoryClock_.series();
    conditions.powerWatts = power_.series();
    conditions.temperatureCelsius = temperature_.series();
    if (energy_.values().size() >= 2)
      conditions.energyJoules = energy_.values().back() - energy_.values().front();
    for (const auto& [bit, count] : standing_)
      conditions.throttle.emplace_back(
          reasonName(bit), static_cast<double>(count) / static_cast<double>(reasons_.values().size()));
    clock_.explain("clock", conditions.missing);
    memoryClock_.explain("memory clock", conditions.missing);
    power_.explain("power", conditions.missing);
    temperature_.explain("temperature", conditions.missing);
    energy_.explain("energy", conditions.missing);
    reasons_.explain("throttle reasons", conditions.missing);
    return conditions;
  }

 private:
  void run() {
    sampleEnergy();
    sample();
    std::unique_lock lock(mutex_);
    started_ = true;
    changed_.notify_all();
    while (!changed_.wait_for(lock, interval, [this] { return ending_; })) {
      lock.unlock();
      sample();
      lock.lock();
    }
    lock.unlock();
    sample();  // so that the shortest window has a beginning and an end
    sampleEnergy();
  }

  void end() {
    {
      const std::lock_guard lock(mutex_);
      ending_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
  }

  void sampleEnergy() { energy_.sample(1e-3, 0ull, nvml()->energy, device_); }

  void sample() {
    const Nvml& library = *nvml();
    ++samples_;
    clock_.sample(1e6, 0u, library.clock, device_, nvmlSmClock);
    memoryClock_.sample(1e6, 0u, library.clock, device_, nvmlMemoryClock);
    power_.sample(1e-3, 0u, library.power, device_);
    temperature_.sample(1, 0u, library.temperature, device_, nvmlGpuSensor);
    const auto ask = library.eventReasons ? library.eventReasons : library.throttleReasons;
    if (!reasons_.sample(1, 0ull, ask, device_)) return;
    const unsigned long long bits = reasons_.last() & ~idleBit;
    for (unsigned bit = 0; bit < 64; ++bit)
      if (bits >> bit & 1) ++standing_[bit];
  }

  NvmlDevice device_;
  std::string caveat_;
  std::size_t samples_ = 0;
  Field clock_, memoryClock_, power_, temperature_, energy_, reasons_;
  std::map<unsigned, std::size_t> standing_;  // samples in which each bit stood

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

}  // namespace

std::unique_ptr<Watch> watchDevice(const std::optional<std::string>& uuid,
                                   const std::optional<std::string>& busId) {
  if (const auto absence = nvmlAbsence()) return std::make_unique<NoWatch>(absence->reason);
  const bool slice = uuid && uuid->starts_with("MIG-");
  if (const NvmlDevice device = nvmlDevice(uuid, busId))
    return std::make_unique<NvmlWatch>(
        device, slice ? "values of this MIG slice alone: what is given is the whole GPU's" : "");
  return std::make_unique<NoWatch>("NVML does not know this device");
}

}  // namespace nameplate::cuda
