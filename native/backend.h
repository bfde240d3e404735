// Read first: the words of the native side, in the order they are used.
//
// A Device is a place with memory (Buffer) and providers of computation. A provider hands out a Kernel:
// something that can be launched on Operands, with the name of what runs and of the documented figure it
// exhausts. A Batch is many launches timed as one. A Watch records the Conditions (clock, watts, temperature)
// meanwhile. Nothing here knows what the documented figure *is*: native measures, TypeScript judges.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "dtype.h"

namespace nameplate {

// `code` is CUDA's, cuBLAS's or errno's own name ("CUDA_ERROR_OUT_OF_MEMORY", "EINVAL"); the message says
// what to do next.
struct Error : std::runtime_error {
  Error(std::string code, const std::string& message) : std::runtime_error(message), code(std::move(code)) {}
  std::string code;
};

// This device or provider cannot do it, and the message says why: an `unsupported` row, not a failure.
struct Unsupported : Error {
  explicit Unsupported(const std::string& reason) : Error("ENOTSUP", reason) {}
};

// Cores of one kind that a run uses. The numbers name a microarchitecture and are not interpreted here.
struct CoreGroup {
  std::string vendor;                 // "AuthenticAMD"; an Arm implementer, "0x41"
  std::size_t family = 0, model = 0;  // on Arm the architecture and the part
  std::string kind;                   // "performance", "efficiency"; empty where all are alike
  std::size_t count = 0;
  std::optional<double> maxClockHz;  // mean of their highest clocks, where the system gives them
};

// A cache, as the system describes it.
struct Cache {
  std::size_t level = 0;
  double bytes = 0;          // of one of them
  std::size_t sharedBy = 1;  // threads of a run, or multiprocessors, that share one
};

// PCI Express: what one end of a link can do.
struct LinkEnd {
  double generation = 0, width = 0;
};

// What a device says of itself. An absent value means that it did not say. Clocks in Hz, power in watts.
struct Facts {
  std::string id;       // "cpu", "cuda:0"
  std::string backend;  // "cpu", "cuda"
  std::string name;     // as the driver or the processor prints it
  std::optional<std::string> uuid;
  std::optional<std::string> computeCapability;  // "9.0"
  std::optional<std::string> driver;             // the driver's version, "580.159"
  std::optional<std::string> driverApi;          // the CUDA version that the driver speaks, "13.0"
  std::size_t multiprocessors = 0;               // SMs present, or processor cores that this process may use
  std::size_t threads = 0;                       // CPU only: the threads a run uses
  std::size_t mostThreads = 0;                   // CPU only: the CPUs that this process may run on
  std::string placement;                         // CPU only: in words, which cores are used and why
  std::vector<CoreGroup> cores;                  // CPU only: those that a run uses
  double memoryBytes = 0;
  double l2Bytes = 0;         // the last-level cache of a CPU
  std::vector<Cache> caches;  // of data, the nearest first
  std::optional<double> maxClockHz, maxMemoryClockHz;
  std::optional<double> memoryBusBits;
  std::optional<double> powerLimitWatts, powerLimitDefaultWatts;
  std::optional<bool> ecc;
  bool mig = false;
  bool integrated = false;
  bool simulated = false;  // a stand-in for tests answered: nothing here may pass for a measurement
  std::optional<std::string> pciBusId, pciDeviceId;  // "00000000:1B:00.0", "0x2330"
  std::optional<double> linkGeneration, linkWidth, linkMaxGeneration, linkMaxWidth;
  std::optional<LinkEnd> linkCard, linkSlot;  // what each end of the link can do by itself
  std::optional<double> numaNode;             // the host's, that the device is attached to
  std::vector<std::string> features;          // instruction sets of a CPU
};

// Something that a fuller installation would have here, and how to get it.
struct Absence {
  std::string what, reason, remedy;
};

// A shared library opened at run time.
struct Library {
  std::string name, path, version;
};

class Buffer {
 public:
  virtual ~Buffer() = default;
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  // Where the device sees it; a host pointer on the CPU and for host memory.
  std::uintptr_t address() const { return address_; }
  std::size_t bytes() const { return bytes_; }
  // In words, where its memory lies, if there is something to say of it: huge pages, a NUMA node.
  virtual std::string where() const { return ""; }

 protected:
  Buffer(std::uintptr_t address, std::size_t bytes) : address_(address), bytes_(bytes) {}
  std::uintptr_t address_;
  std::size_t bytes_;
};

// Addresses that one launch reads (a, b) and writes (out).
struct Operands {
  std::uintptr_t out = 0, a = 0, b = 0;
};

struct Kernel {
  std::string name;      // what runs: kernel, instruction path and tile, or the library's algorithm
  std::string resource;  // the documented figure it exhausts: "tensor.bf16", "vector.fp32", "memory", "link"
  bool tuned =
      true;  // false: right, but of no established speed: its rate tells of the code and not of the device
  bool emulated = false;   // the device lacks the format or the instruction: others do its work, exactly
  bool capturable = true;  // may be recorded into a graph (copies from pageable memory may not)
  std::string note;        // what a reader should know, such as how the kernel was chosen
  std::function<void(const Operands&)> launch;  // enqueues one launch on the device's stream, in order
};

// How a GEMM accumulates. `full` is the row's plain name; `half` is ".acc16"; `fast` is ".fast": FP8 sums
// kept in the tensor core's own narrow accumulator instead of being promoted to fp32 every 128 elements of K.
enum class Accumulator : std::uint8_t { full, half, fast };

// C (M x N, row-major, leading dimension ldc) = A (M x K, row-major, lda) times the transpose of B (N x K,
// row-major, ldb). Leading dimensions count elements. C has the format row(dtype).output.
struct GemmShape {
  DType dtype = DType::fp32;
  Accumulator accumulator = Accumulator::full;
  std::size_t m = 0, n = 0, k = 0;
  std::size_t lda = 0, ldb = 0, ldc = 0;
  bool aligned = true;  // A, B and C start on 16-byte boundaries
  auto operator<=>(const GemmShape&) const = default;
};

// STREAM's names, with BabelStream's dot, in doubles. read: XOR of all words into partial results of 32 bits;
// write: one repeated word; copy: out = a; scale: out = 2 a; add: out = a + b; triad: out = a + 2 b (2, so
// that a fused and an unfused multiply-add agree bit for bit); dot: sums of a b into partial results.
enum class Stream : std::uint8_t { read, write, copy, scale, add, triad, dot };

inline constexpr std::uint32_t streamWord = 0x5a17c0deu;  // what `write` writes
inline constexpr std::size_t mostPartials = 16384;        // partial results that `read` and `dot` may write
inline constexpr std::uint32_t poisonWord =
    0x7fff7fffu;  // a NaN in every float format, and no sum of small integers

// Whose working set a cache row sweeps: one of each core (of a GPU, multiprocessor), or one of the whole
// device.
enum class Scope : std::uint8_t { core, device };

// `sets` working sets side by side, each walked through `passes` times in one launch. read: the sum of all
// 64-bit words, modulo 2^64, in up to sweepPartials parts at `out`; copy: out = a.
struct Sweep {
  Stream stream = Stream::read;
  Scope scope = Scope::core;
  std::size_t sets = 1, bytes = 0;  // of one array of one set
  std::size_t passes = 1;
};

inline constexpr std::size_t sweepPartials = 4096;  // 64-bit words

// What a chase leaves at `out`: each launch goes on where the one before it ended.
struct ChaseState {
  std::uint64_t at = 0;     // the address of a node, whose first word is the address of the next
  std::uint64_t steps = 0;  // taken so far, by all launches
};

// Instructions of the DPX family, by the functions of the CUDA Math API. addMax: __viaddmax_s32; addMax16 and
// addMax16Relu: __viaddmax_s16x2 and its _relu, two halves in a word; max3: __vimax3_s32 and __vimin3_s32.
enum class DpxFunction : std::uint8_t { addMax, addMax16, addMax16Relu, max3 };

// Chains of them on registers alone, in `blocks` blocks that all work on the same words. A thread has a ring
// of `chains` words x and takes `steps` steps, each on the whole ring: even ones make x[i] = max(x[i] + up,
// x[i+1]), odd ones x[i] = max(x[i] + down, x[i+1]), where x[i+1] is that of the step before. max3 takes
// turns with max(x[i], x[i+1], x[i+2]) and the same minimum. Word w of thread t lies at w * threads + t: in
// `a` its ring, `up` and `down`, in `out` its ring, block after block.
struct DpxLoop {
  DpxFunction function = DpxFunction::addMax;
  std::size_t blocks = 1, steps = 0;
  static constexpr std::size_t threads = 256, chains = 8, inputs = chains + 2;
  static constexpr std::size_t stepsPerRound = 16;  // `steps` is a multiple of it
};

// How a launch reaches the device: one kernel by itself, or a recorded graph of kernels.
enum class Submission : std::uint8_t { kernel, graph };

enum class Direction : std::uint8_t { hostToDevice, deviceToHost, both };
// Pinned memory lies on the device's own NUMA node where one is known; `far` is pinned on another.
enum class HostMemory : std::uint8_t { pinned, pageable, far };

// Where two buffers first differ, bit by bit: NaN equals the same NaN, and +0 differs from -0.
struct Mismatch {
  std::size_t count = 0;  // differing 32-bit words
  std::size_t firstWord = 0;
  std::uint32_t expected = 0, actual = 0;
};

// Several launches recorded together, replayed and timed together: one event pair around many launches.
class Batch {
 public:
  virtual ~Batch() = default;
  virtual double seconds() = 0;  // replays the batch once; seconds of device time for all of its launches
};

struct Series {
  double median = 0, min = 0, max = 0;
};

// One look at the sensors. What is absent was not answered.
struct Reading {
  double at = 0;  // seconds of the steady clock
  std::optional<double> clockHz{}, memoryClockHz{}, powerWatts{}, temperatureCelsius{},
      memoryTemperatureCelsius{};
  std::optional<std::uint64_t> throttle{};  // a bit for each reason that stands, see throttleReason()
};

// The state of the device while a window was timed. Counters are what they rose by in the window.
struct Conditions {
  std::string source;   // "nvml", or "none"
  std::string missing;  // with "none", or where a field is absent: why
  std::vector<Reading> readings;
  double seconds = 0;  // that the window was open, without the pauses between its slices
  std::optional<double> energyJoules, correctedErrors, uncorrectedErrors, linkReplays;
  std::optional<double> linkGeneration, linkWidth;  // PCI Express, the most seen: an idle link sleeps
  std::optional<double> nvlinks, nvlinksActive;
};

// The most that a resource gave, measured and not documented.
struct Ceiling {
  double rate = 0;  // FLOP/s
  std::string how;  // "fp32 multiply-adds in registers, AVX-512, 2 threads"
};

// Adds a later slice of the same phase.
void merge(Conditions& all, const Conditions& slice);

// Over the readings that have the value; absent where none has.
std::optional<Series> series(const std::vector<Reading>&, std::optional<double> Reading::* value);

// Why the clock was held back, in the words of nvidia-smi, with the share of the readings in which it stood.
std::vector<std::pair<std::string, double>> throttleShares(const std::vector<Reading>&);

// Records conditions from its making until `stop`.
class Watch {
 public:
  virtual ~Watch() = default;
  virtual Conditions stop() = 0;
};

// An argument of a user's kernel: its bytes, as the kernel's parameter takes them.
using KernelArgument = std::vector<std::byte>;

struct Launch {
  std::string function;
  std::array<unsigned, 3> grid{1, 1, 1}, block{1, 1, 1};
  unsigned sharedBytes = 0;
  std::vector<KernelArgument> arguments;
};

// Device code loaded from an image: cubin, fatbin or PTX text.
class Module {
 public:
  virtual ~Module() = default;
  virtual void launch(const Launch&) = 0;
};

// One device, used from one thread at a time. Calls that move data return when it is moved; launches are only
// enqueued.
class Device {
 public:
  virtual ~Device() = default;
  virtual Facts facts() const = 0;
  virtual std::size_t freeBytes() const = 0;
  virtual std::vector<std::string> providers() const = 0;  // "builtin" first

  virtual std::unique_ptr<Buffer> allocate(std::size_t bytes) = 0;
  virtual std::unique_ptr<Buffer> allocateHost(std::size_t bytes, HostMemory) = 0;
  virtual void write(Buffer& to, std::size_t offset, const void* from, std::size_t bytes) = 0;
  virtual void read(const Buffer& from, std::size_t offset, void* to, std::size_t bytes) = 0;
  virtual void copy(Buffer& to, std::size_t toOffset, const Buffer& from, std::size_t fromOffset,
                    std::size_t bytes) = 0;
  // Fills whole 32-bit words with `word`.
  virtual void fill(Buffer&, std::uint32_t word) = 0;
  // Fills whole 64-bit words with patternWord(seed, index) of random.h, of which the bits of `mask` are kept.
  virtual void fillPattern(Buffer&, std::uint64_t seed, std::uint64_t mask = ~std::uint64_t{0}) = 0;
  // Compares the first `bytes` (a multiple of 4), on the device.
  virtual Mismatch compare(const Buffer& expected, const Buffer& actual, std::size_t bytes) = 0;

  // Each throws Unsupported where the device or the provider cannot. A provider that has several candidates
  // times them on `tuneOn` where it is given, and takes its first suggestion where it is not.
  virtual Kernel gemm(const GemmShape&, const std::string& provider, const Operands* tuneOn) = 0;
  virtual Kernel stream(Stream, std::size_t bytesPerArray, const std::string& provider,
                        const Operands* tuneOn) = 0;
  virtual Kernel link(Direction, HostMemory, std::size_t bytes, const std::string& provider) = 0;
  // Working sets of a sweep: as many as there are cores, or one.
  virtual std::size_t sets(Scope) const = 0;
  virtual Kernel sweep(const Sweep&, const std::string& provider) = 0;
  // Nodes of a chase lie this far apart.
  virtual std::size_t lineBytes() const = 0;
  // One thread follows `steps` addresses, each found where the one before led; out is a ChaseState.
  virtual Kernel chase(std::size_t steps, const std::string& provider) = 0;
  // Kernels that do nothing but add 1 to the 64-bit word at `out`, each after the one before: a graph has
  // `kernels` of them, a launch by itself one. The launch returns when the device has finished.
  virtual Kernel emptyLaunch(Submission, std::size_t kernels, const std::string& provider) = 0;
  // Chains of DPX instructions: `a` and `out` as DpxLoop lays them out.
  virtual Kernel dpx(const DpxLoop&, const std::string& provider) = 0;
  // Memory of another device, named by id or uuid, which this one reaches; and copies between the two: from
  // `a` here to `out` there, and where `both`, from out + bytes to a + bytes at the same time.
  virtual std::unique_ptr<Buffer> allocateOn(const std::string& /*peer*/, std::size_t /*bytes*/) {
    throw Unsupported("only GPUs have peers");
  }
  virtual Kernel peerCopy(const std::string& /*peer*/, bool /*both*/, std::size_t /*bytes*/,
                          const std::string& /*provider*/) {
    throw Unsupported("only GPUs have peers");
  }
  // out (columns x rows) = the transpose of a (rows x columns), both packed, elements of 1, 2, 4 or 8 bytes.
  virtual void transpose(const Operands&, std::size_t rows, std::size_t columns,
                         std::size_t elementBytes) = 0;

  // Records launch(0) … launch(launches - 1), each of which enqueues one launch.
  virtual std::unique_ptr<Batch> record(std::size_t launches, const std::function<void(std::size_t)>& launch,
                                        bool capturable) = 0;
  virtual std::unique_ptr<Watch> watch() = 0;
  // ECC errors that its memory could not correct, since some time long ago; absent where it does not tell.
  virtual std::optional<double> uncorrectedErrors() const { return std::nullopt; }
  // What a short loop that does nothing but exhaust `resource` reaches now; absent where there is no such
  // loop. A GPU has documented figures instead.
  virtual std::optional<Ceiling> ceiling(const std::string& /*resource*/) { return std::nullopt; }
  virtual std::unique_ptr<Module> load(std::span<const std::byte> image) = 0;
  virtual void synchronize() = 0;
  // Returns when nothing of earlier launches uses the device any more, be it threads that wait for the next
  // one.
  virtual void settle() {}
};

// A backend is three functions; cpu/ and cuda/ define one set each. `threads` is how many a CPU device uses,
// 0 for its own choice; a GPU has no use for it.
struct Backend {
  std::vector<Facts> (*devices)(
      std::size_t threads,
      std::vector<Absence>& absences);  // lists, never throws for what is merely absent
  std::vector<Library> (*libraries)();
  std::unique_ptr<Device> (*open)(const std::string& id, std::size_t threads);  // throws ENODEV
};

extern const Backend cpuBackend;
extern const Backend cudaBackend;

}  // namespace nameplate
