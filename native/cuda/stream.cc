#include "cuda/stream.h"

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <vector>

#include "cuda/tuning.h"
#include "kernels/parameters.h"

namespace nameplate::cuda {
namespace {

struct Row {
  const char* name;
  unsigned inputs;
  bool partials;  // one result a block
};

constexpr std::array<Row, 7> rows{{
    // in the order of Stream
    {"read", 1, true},
    {"write", 0, false},
    {"copy", 1, false},
    {"scale", 1, false},
    {"add", 2, false},
    {"triad", 2, false},
    {"dot", 2, true},
}};

const Row& rowOf(Stream stream) {
  return rows[static_cast<std::size_t>(stream)];
}

// Blocks per multiprocessor, or none: as many blocks as give each thread one step. The first is what the
// forms are compared on.
struct Grid {
  std::optional<unsigned> perMultiprocessor;
  unsigned threads;
};
constexpr Grid grids[] = {{4, 512}, {2, 512}, {1, 512}, {8, 256}, {4, 256}, {2, 256}, {{}, 512}, {{}, 256}};

// Bulk copies: 96 KiB of shared memory hold two blocks on compute capability 9.0 and 10.0, one on 12.0.
constexpr unsigned bulkGrids[] = {2, 1};

// What is under way on a multiprocessor should be half as much again as CUB's least for the architecture:
// four accesses of 16 bytes do until 8.x, eight from 9.0 on.
StreamAccess heuristic(int capability, const Row& row) {
  return {16, (capability >= 90 ? 8u : 4u) / std::max(1u, row.inputs)};
}

bool same(StreamAccess one, StreamAccess other) {
  return one.bytes == other.bytes && one.count == other.count;
}

class Search {
 public:
  Search(OwnKernels& kernels, Stream stream, std::size_t bytesPerArray)
      : kernels_(kernels),
        stream_(stream),
        row_(rowOf(stream)),
        bytes_(bytesPerArray),
        capability_(kernels.context()->capability()),
        multiprocessors_(kernels.context()->multiprocessors()),
        pick_(heuristic(capability_, row_)) {}

  StreamLaunch heuristicPick() { return on(find(pick_), pick_, grids[0]); }

  // The heuristic's pick first. What the image lacks and the device could do, `lacking` names.
  std::vector<StreamLaunch> forms() {
    std::vector<StreamLaunch> found{heuristicPick()};
    for (const StreamAccess access : streamAccesses) {
      if (same(access, pick_) || !streamFits(access, row_.inputs)) continue;
      if (access.bytes == 32 && capability_ < 100) continue;
      if (const auto kernel = ifHere(nameOf(access))) found.push_back(on(*kernel, access, grids[0]));
    }
    if (stream_ == Stream::copy && capability_ >= 90) addBulk(found);
    return found;
  }

  const std::string& lacking() const { return lacking_; }

  // The same form on every grid, its own first; it alone where it has no other.
  std::vector<StreamLaunch> gridsOf(const StreamLaunch& form) {
    std::vector<StreamLaunch> found{form};
    for (const StreamAccess access : streamAccesses) {
      if (form.text != textOf(access, grids[0])) continue;
      for (const Grid& grid : grids)
        if (&grid != grids && (grid.perMultiprocessor || !row_.partials))
          found.push_back(on(form.kernel, access, grid));
    }
    return found;
  }

 private:
  std::string nameOf(StreamAccess access) const {
    return std::string("stream_") + row_.name + "_" + std::to_string(access.bytes) + "x" +
           std::to_string(access.count);
  }

  static std::string textOf(StreamAccess access, const Grid& grid) {
    return std::to_string(access.bytes) + "x" + std::to_string(access.count) + " " +
           (grid.perMultiprocessor ? std::to_string(*grid.perMultiprocessor) : std::string("all")) + "x" +
           std::to_string(grid.threads);
  }

  OwnKernel find(StreamAccess access) { return kernels_.find("stream", nameOf(access)); }

  // An image for an older architecture leaves out the forms that need a newer one.
  std::optional<OwnKernel> ifHere(const std::string& name) {
    try {
      return kernels_.find("stream", name);
    } catch (const Unsupported&) {
      return std::nullopt;
    }
  }

  StreamLaunch on(const OwnKernel& kernel, StreamAccess access, const Grid& grid) const {
    constexpr std::size_t most = 0x7fffffff;
    const std::size_t step = std::size_t{access.bytes} * access.count * grid.threads;
    std::size_t blocks = grid.perMultiprocessor ? std::size_t{multiprocessors_} * *grid.perMultiprocessor
                                                : (bytes_ + step - 1) / step;
    blocks = std::clamp<std::size_t>(blocks, 1, row_.partials ? mostPartials : most);
    const std::string shape = grid.perMultiprocessor
                                  ? std::to_string(*grid.perMultiprocessor) + " x " +
                                        std::to_string(grid.threads) + " threads per multiprocessor"
                                  : "blocks of " + std::to_string(grid.threads) + " threads, one step each";
    return {kernel, nameOf(access) + ", " + shape, textOf(access, grid), static_cast<unsigned>(blocks),
            grid.threads};
  }

  void addBulk(std::vector<StreamLaunch>& found) {
    const auto kernel = ifHere("stream_copy_bulk");
    constexpr unsigned shared = bulkSharedBytes;
    if (!kernel) lacking_ = "; bulk copy: not in this image";
    if (!kernel || kernels_.context()->attribute(CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN) <
                       static_cast<int>(shared))
      return;
    kernel->allowSharedBytes(shared);
    for (const unsigned blocks : bulkGrids)
      found.push_back({*kernel,
                       "stream_copy_bulk, " + std::to_string(bulkStages) + " x " +
                           std::to_string(bulkChunkBytes >> 10) + " KiB, " + std::to_string(blocks) +
                           (blocks == 1 ? " block" : " blocks") + " per multiprocessor",
                       "bulk " + std::to_string(blocks) + "x1", multiprocessors_ * blocks, bulkThreads,
                       shared});
  }

  OwnKernels& kernels_;
  Stream stream_;
  const Row& row_;
  std::size_t bytes_;
  int capability_;
  unsigned multiprocessors_;
  StreamAccess pick_;
  std::string lacking_;
};

// A launch may be of accesses of 32 bytes.
void requireAligned(const Operands& operands) {
  if ((operands.out | operands.a | operands.b) % 32 != 0)
    throw Error("EINVAL", "memory kernels need arrays that start on a boundary of 32 bytes");
}

void run(const StreamLaunch& launch, std::size_t bytesPerArray, const Operands& operands) {
  requireAligned(operands);
  launch.kernel.launch(
      launch.blocks, {launch.threads, 1},
      StreamParameters{reinterpret_cast<void*>(operands.out), reinterpret_cast<const void*>(operands.a),
                       reinterpret_cast<const void*>(operands.b), bytesPerArray / 8, streamWord},
      launch.sharedBytes);
}

Tuning timeAll(const SharedContext& context, const std::vector<StreamLaunch>& candidates,
               std::size_t bytesPerArray, const Operands& operands) {
  const auto tuning = tune(context, candidates.size(), [&](std::size_t i) {
    run(candidates[i], bytesPerArray, operands);
    return true;
  });
  if (!tuning) throw Error("EIO", "no candidate ran");
  return *tuning;
}

std::string timesText(const std::vector<StreamLaunch>& candidates, const Tuning& tuning) {
  std::string text;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    text += (text.empty() ? "" : ", ") + candidates[i].text + " " + tuning.timeOf(i);
  }
  return text;
}

}  // namespace

BuiltinStream::Choice BuiltinStream::choose(Stream stream, std::size_t bytesPerArray,
                                            const Operands* tuneOn) {
  const std::pair key{stream, bytesPerArray};
  if (const auto known = chosen_.find(key); known != chosen_.end()) return known->second;
  Search search(kernels_, stream, bytesPerArray);
  if (!tuneOn || bytesPerArray == 0) return {search.heuristicPick(), "the heuristic's pick"};
  const SharedContext& context = kernels_.context();
  const std::vector<StreamLaunch> forms = search.forms();
  const Tuning byForm = timeAll(context, forms, bytesPerArray, *tuneOn);
  const std::vector<StreamLaunch> onGrids = search.gridsOf(forms[byForm.fastest]);
  const Tuning byGrid = timeAll(context, onGrids, bytesPerArray, *tuneOn);
  const std::string why =
      "timed, as bytes x accesses and blocks per multiprocessor x threads: " + timesText(forms, byForm) +
      "; then " + timesText(onGrids, byGrid) + search.lacking();
  return chosen_.emplace(key, Choice{onGrids[byGrid.fastest], why}).first->second;
}

Kernel BuiltinStream::stream(Stream stream, std::size_t bytesPerArray, const Operands* tuneOn) {
  const auto [launch, why] = choose(stream, bytesPerArray, tuneOn);
  Kernel kernel;
  kernel.name = launch.name + " (" + launch.kernel.image() + ")";
  kernel.resource = "memory";
  kernel.tuned = false;
  kernel.note = "own kernel, not yet measured against a card's figure; " + why;
  kernel.launch = [launch = launch, bytesPerArray](const Operands& operands) {
    run(launch, bytesPerArray, operands);
  };
  return kernel;
}

Kernel driverStream(const SharedContext& context, Stream stream, std::size_t bytesPerArray) {
  Kernel kernel;
  kernel.resource = "memory";
  // How the driver copies is its own affair: threshold.ts has what healthy cards were seen to reach so.
  kernel.tuned = false;
  switch (stream) {
    case Stream::write:
      kernel.name = "cuMemsetD32Async";
      kernel.launch = [context, bytesPerArray](const Operands& operands) {
        context->bind();
        check(driver().cuMemsetD32Async(operands.out, streamWord, bytesPerArray / 4, context->stream()),
              "cuMemsetD32Async");
      };
      return kernel;
    case Stream::copy:
      kernel.name = "cuMemcpyDtoDAsync";
      kernel.launch = [context, bytesPerArray](const Operands& operands) {
        context->bind();
        check(driver().cuMemcpyDtoDAsync(operands.out, operands.a, bytesPerArray, context->stream()),
              "cuMemcpyDtoDAsync");
      };
      return kernel;
    default:
      throw Unsupported(std::string("the driver offers no ") + rowOf(stream).name +
                        "; it offers write and copy");
  }
}

}  // namespace nameplate::cuda
