// Read first: the words of the native side, in the order they are used.
//
// A Device is a place with memory (Buffer) and providers of computation. A provider hands out a Kernel:
// something that can be launched on Operands, with the name of what runs and of the documented figure it
// exhausts. A Batch is many launches timed as one. A Watch records the Conditions (clock, watts, temperature)
// meanwhile. Nothing here knows what the documented figure *is*: native measures, TypeScript judges.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "conditions.h"
#include "error.h"
#include "facts.h"
#include "kernel.h"
#include "xids.h"

namespace nameplate {

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
  // Whether it lies where it was asked for.
  virtual bool placed() const { return true; }

 protected:
  Buffer(std::uintptr_t address, std::size_t bytes) : address_(address), bytes_(bytes) {}
  std::uintptr_t address_;
  std::size_t bytes_;
};

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

// The most that a resource gave, measured and not documented.
struct Ceiling {
  double rate = 0;  // FLOP/s
  std::string how;  // "fp32 multiply-adds in registers, AVX-512, 2 threads"
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
  // `peer`: another device whose memory takes part, by id or uuid, and whose uncorrected errors count as
  // well; empty where there is none.
  virtual std::unique_ptr<Watch> watch(const std::string& peer) = 0;
  // ECC errors that its memory, or where one is named the peer's, could not correct, since some time long
  // ago; absent where that device does not tell.
  virtual std::optional<double> uncorrectedErrors(const std::string& /*peer*/) const { return std::nullopt; }
  // Listens from now on; null where there are none, or they are not told.
  virtual std::unique_ptr<Xids> xids() const { return nullptr; }
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
