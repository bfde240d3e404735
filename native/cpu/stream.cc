#include "cpu/stream.h"

#if __has_include(<gnu/libc-version.h>)
#include <gnu/libc-version.h>
#endif

#include <array>
#include <cstring>
#include <string>

#include "cpu/stream_loops.h"

namespace nameplate::cpu {
namespace {

constexpr std::size_t line = 64;  // shares of an array, and non-temporal stores, keep to cache lines

struct Row {
  const char* name;
  std::size_t inputs;
  bool writesArray;
};

constexpr std::array<Row, 7> rows{{
    // in the order of Stream
    {"read", 1, false},
    {"write", 0, true},
    {"copy", 1, true},
    {"scale", 1, true},
    {"add", 2, true},
    {"triad", 2, true},
    {"dot", 2, false},
}};

const Row& rowOf(Stream stream) {
  return rows[static_cast<std::size_t>(stream)];
}

const StreamLoops& widest() {
  for (const StreamLoops* loops : streamLoops())
    if (loops->here()) return *loops;
  return baselineStream;
}

std::string threadsText(const Threads& threads) {
  return std::to_string(threads.count()) + (threads.count() == 1 ? " thread" : " threads");
}

void requireAligned(const Operands& operands) {
  if ((operands.out | operands.a | operands.b) % line != 0)
    throw Error("EINVAL", "the arrays of a memory row start at multiples of 64 bytes");
}

}  // namespace

std::span<const StreamLoops* const> streamLoops() {
#ifdef __x86_64__
  static constexpr std::array all{&avx512Stream, &avx2Stream, &baselineStream};
#else
  static constexpr std::array all{&baselineStream};
#endif
  return all;
}

Kernel memoryStream(Stream stream, std::size_t bytesPerArray, Threads& threads) {
  if (bytesPerArray % 8 != 0)
    throw Error("EINVAL", "a memory row moves whole 64-bit words: " + std::to_string(bytesPerArray) +
                              " bytes is not a multiple of 8");
  const Row& row = rowOf(stream);
  const StreamLoops& loops = widest();
  Kernel kernel;
  kernel.name = std::string(row.name) + ", " + std::string(loops.path) +
                (row.writesArray ? ", " + std::string(loops.stores) + " stores" : "") + ", " +
                threadsText(threads);
  kernel.resource = "memory";
  if (row.writesArray && loops.stores == "regular")
    kernel.note = "regular stores may first read each line they write; that traffic is not counted";
  kernel.launch = [run = loops.run[static_cast<std::size_t>(stream)], bytesPerArray,
                   &threads](const Operands& operands) {
    requireAligned(operands);
    threads.shares(bytesPerArray, line, [&](std::size_t index, std::size_t begin, std::size_t end) {
      run({operands.out, operands.a, operands.b, begin, end, index});
    });
  };
  return kernel;
}

Kernel libraryStream(Stream stream, std::size_t bytesPerArray, Threads& threads) {
  if (stream != Stream::copy)
    throw Unsupported(std::string("the C library offers no ") + rowOf(stream).name + "; it offers copy");
  Kernel kernel;
#if __has_include(<gnu/libc-version.h>)
  kernel.name = std::string("memcpy of glibc ") + gnu_get_libc_version();
#else
  kernel.name = "memcpy of the C library";
#endif
  kernel.name += ", " + threadsText(threads);
  kernel.resource = "memory";
  kernel.launch = [bytesPerArray, &threads](const Operands& operands) {
    threads.shares(bytesPerArray, line, [&](std::size_t, std::size_t begin, std::size_t end) {
      std::memcpy(reinterpret_cast<void*>(operands.out + begin),
                  reinterpret_cast<const void*>(operands.a + begin), end - begin);
    });
  };
  return kernel;
}

}  // namespace nameplate::cpu
