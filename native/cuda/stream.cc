#include "cuda/stream.h"

#include <algorithm>
#include <array>
#include <string>

#include "kernels/parameters.h"

namespace nameplate::cuda {
namespace {

struct Row {
  const char* name;
  const char* kernel;
};
constexpr std::array<Row, 4> rows{{
    {"read", "stream_read"},
    {"write", "stream_write"},
    {"copy", "stream_copy"},
    {"triad", "stream_triad"},
}};

const Row& rowOf(Stream stream) {
  return rows[static_cast<std::size_t>(stream)];
}

// Four blocks of 512 threads are what a multiprocessor holds.
constexpr unsigned blocksPerMultiprocessor = 4;

// The kernels move 16 bytes at a time.
void requireAligned(const Operands& operands) {
  if ((operands.out | operands.a | operands.b) % 16 != 0)
    throw Error("EINVAL", "memory kernels need arrays that start on a 16-byte boundary");
}

}  // namespace

Kernel builtinStream(OwnKernels& kernels, Stream stream, std::size_t bytesPerArray) {
  const OwnKernel own = kernels.find("stream", rowOf(stream).kernel);
  const auto multiprocessors =
      static_cast<unsigned>(kernels.context()->attribute(CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT));
  unsigned blocks = multiprocessors * blocksPerMultiprocessor;
  if (stream == Stream::read) blocks = std::min<unsigned>(blocks, readPartials);

  Kernel kernel;
  kernel.name = std::string(rowOf(stream).kernel) + " (" + own.image() + ")";
  kernel.resource = "memory";
  kernel.tuned = false;
  kernel.note = "first set of own kernels: its bytes in flight are not yet measured against this device";
  kernel.launch = [own, blocks, bytesPerArray](const Operands& operands) {
    requireAligned(operands);
    own.launch(
        blocks, {streamThreads, 1},
        StreamParameters{reinterpret_cast<void*>(operands.out), reinterpret_cast<const void*>(operands.a),
                         reinterpret_cast<const void*>(operands.b), bytesPerArray / 8, streamWord});
  };
  return kernel;
}

Kernel driverStream(const SharedContext& context, Stream stream, std::size_t bytesPerArray) {
  Kernel kernel;
  kernel.resource = "memory";
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
    case Stream::read:
    case Stream::triad:
      break;
  }
  throw Unsupported(std::string("the driver offers no ") + rowOf(stream).name + "; it offers write and copy");
}

}  // namespace nameplate::cuda
