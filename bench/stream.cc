// The memory rows' loops beside what else moves memory on a CPU, taking turns on the same arrays and threads:
// STREAM's loops, and memcpy of the C library. cpu-memory.mjs compiles and runs it:
//
//   stream THREADS BYTES ROUNDS
//
// prints one JSON object with the seconds of every launch. Exit status 4 where one of them left wrong data.
#include <bit>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "cpu/memory.h"
#include "cpu/stream.h"
#include "random.h"

extern "C" {
using Loop = void(double*, const double*, const double*, std::size_t);
Loop loop_copy, loop_scale, loop_add, loop_triad;
}

namespace nameplate {
namespace {

struct Operation {
  const char* name;
  Stream stream;
  Loop* loop;
  double (*element)(double a, double b);
};

const Operation operations[] = {
    {"copy", Stream::copy, loop_copy, [](double a, double) { return a; }},
    {"scale", Stream::scale, loop_scale, [](double a, double) { return 2 * a; }},
    {"add", Stream::add, loop_add, [](double a, double b) { return a + b; }},
    {"triad", Stream::triad, loop_triad, [](double a, double b) { return a + 2 * b; }},
};

struct Contender {
  std::string provider;
  Kernel kernel;
  std::vector<double> seconds{};
};

Kernel loopKernel(const Operation& operation, std::size_t bytes, cpu::Threads& threads) {
  Kernel kernel;
  kernel.name = std::string("for (i) of ") + operation.name + ", -O3 -march=native";
  kernel.launch = [loop = operation.loop, bytes, &threads](const Operands& operands) {
    threads.shares(bytes / sizeof(double), 8, [&](std::size_t, std::size_t begin, std::size_t end) {
      const auto in = [begin](std::uintptr_t array) {
        return reinterpret_cast<const double*>(array) + begin;
      };
      loop(reinterpret_cast<double*>(operands.out) + begin, in(operands.a), in(operands.b), end - begin);
    });
  };
  return kernel;
}

// Whether every element of `out` is what the operation gives.
bool right(const Operation& operation, const cpu::HostBuffer& out, cpu::Threads& threads) {
  std::vector<std::size_t> wrong(threads.count());
  threads.shares(out.bytes() / 8, 512, [&](std::size_t share, std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i)
      wrong[share] += out.as<double>()[i] != operation.element(std::bit_cast<double>(patternWord(1, i)),
                                                               std::bit_cast<double>(patternWord(2, i)));
  });
  std::size_t all = 0;
  for (const std::size_t part : wrong) all += part;
  return all == 0;
}

int bench(std::size_t count, std::size_t bytes, std::size_t rounds) {
  const cpu::Placement at = cpu::place(count);
  cpu::Threads threads(at);
  const cpu::HostBuffer a(bytes, threads), b(bytes, threads), out(bytes, threads);
  threads.shares(bytes / 8, 512, [&](std::size_t, std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      a.as<std::uint64_t>()[i] = patternWord(1, i);
      b.as<std::uint64_t>()[i] = patternWord(2, i);
    }
  });
  const Operands operands{out.address(), a.address(), b.address()};
  bool allRight = true;
  std::printf("{\"threads\": %zu, \"bytes\": %zu, \"pages\": \"%s\", \"operations\": [", threads.count(),
              bytes, out.where().c_str());
  for (const Operation& operation : operations) {
    std::vector<Contender> contenders{
        {"builtin", cpu::memoryStream(operation.stream, bytes, threads)},
        {"loop", loopKernel(operation, bytes, threads)},
    };
    if (operation.stream == Stream::copy)
      contenders.push_back({"libc", cpu::libraryStream(operation.stream, bytes, threads)});
    for (const Contender& contender : contenders) {
      std::fill_n(out.as<std::uint32_t>(), bytes / 4, poisonWord);
      contender.kernel.launch(operands);
      if (right(operation, out, threads)) continue;
      std::fprintf(stderr, "%s by %s left wrong data\n", operation.name, contender.provider.c_str());
      allRight = false;
    }
    for (std::size_t round = 0; round < rounds; ++round)
      for (std::size_t turn = 0; turn < contenders.size(); ++turn) {
        Contender& next = contenders[(round + turn) % contenders.size()];
        const auto begin = std::chrono::steady_clock::now();
        next.kernel.launch(operands);
        next.seconds.push_back(
            std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
      }
    std::printf("%s{\"operation\": \"%s\", \"contenders\": [", &operation == operations ? "" : ", ",
                operation.name);
    for (const Contender& contender : contenders) {
      std::printf("%s{\"provider\": \"%s\", \"kernel\": \"%s\", \"seconds\": [",
                  &contender == &contenders.front() ? "" : ", ", contender.provider.c_str(),
                  contender.kernel.name.c_str());
      for (std::size_t i = 0; i < rounds; ++i)
        std::printf("%s%.9f", i == 0 ? "" : ", ", contender.seconds[i]);
      std::printf("]}");
    }
    std::printf("]}");
  }
  std::printf("]}\n");
  return allRight ? 0 : 4;
}

}  // namespace
}  // namespace nameplate

int main(int count, char** arguments) {
  if (count != 4) {
    std::fprintf(stderr, "stream THREADS BYTES ROUNDS\n");
    return 2;
  }
  const auto number = [&](int i) {
    return static_cast<std::size_t>(std::strtoull(arguments[i], nullptr, 10));
  };
  try {
    return nameplate::bench(number(1), number(2), number(3));
  } catch (const nameplate::Error& error) {
    std::fprintf(stderr, "%s: %s\n", error.code.c_str(), error.what());
    return 3;
  }
}
