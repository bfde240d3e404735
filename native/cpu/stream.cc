// An ordinary store first reads the line that it is about to overwrite, so that a copy moves three bytes for
// each two that the row counts. Non-temporal stores do not, and are used where the compiler offers them. The
// plain loop, or memcpy, would leave that choice to the C library, and the row could not say what it
// measured.
#include "cpu/stream.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <string>

namespace nameplate::cpu {
namespace {

// 16 bytes, which every 64-bit processor moves at once.
typedef std::uint64_t Words __attribute__((vector_size(16), may_alias));
typedef double Doubles __attribute__((vector_size(16), may_alias));

constexpr std::size_t line = 64;

#ifdef __SSE2__
constexpr const char* stores = "non-temporal";
inline void put(Words* to, Words value) {
  _mm_stream_si128(reinterpret_cast<__m128i*>(to), reinterpret_cast<__m128i>(value));
}
// Non-temporal stores are not ordered with later ones: without the fence, another thread could see the end of
// the launch before its data.
inline void finish() {
  _mm_sfence();
}
#elif defined(__clang__)
constexpr const char* stores = "non-temporal";
inline void put(Words* to, Words value) {
  __builtin_nontemporal_store(value, to);
}
inline void finish() {
  std::atomic_thread_fence(std::memory_order_seq_cst);
}
#else
constexpr const char* stores = "regular";
inline void put(Words* to, Words value) {
  *to = value;
}
inline void finish() {}
#endif

// The share [begin, end) of each array, in bytes; `begin` is a multiple of 64, `end` of 8.
struct Share {
  std::uintptr_t out, a, b;
  std::size_t begin, end, index;
};

template <class T>
T* at(std::uintptr_t array, std::size_t byte) {
  return reinterpret_cast<T*>(array + byte);
}

// The 16-byte part of a share; what follows it is one 64-bit word or nothing.
std::size_t evenEnd(const Share& share) {
  return share.end - share.end % sizeof(Words);
}

void readShare(const Share& share) {
  Words sums[4] = {};  // four chains, so that the loads and not the XOR's latency set the pace
  std::size_t byte = share.begin;
  for (; byte + line <= share.end; byte += line)
    for (int i = 0; i < 4; ++i) sums[i] ^= at<const Words>(share.a, byte)[i];
  const Words sum = (sums[0] ^ sums[1]) ^ (sums[2] ^ sums[3]);
  std::uint64_t folded = sum[0] ^ sum[1];
  for (; byte < share.end; byte += sizeof folded) {
    std::uint64_t word;
    std::memcpy(&word, at<const void>(share.a, byte), sizeof word);
    folded ^= word;
  }
  at<std::uint32_t>(share.out, 0)[share.index] = static_cast<std::uint32_t>(folded ^ folded >> 32);
}

void writeShare(const Share& share) {
  constexpr std::uint64_t word = std::uint64_t{streamWord} << 32 | streamWord;
  const Words words{word, word};
  for (std::size_t byte = share.begin; byte < evenEnd(share); byte += sizeof words)
    put(at<Words>(share.out, byte), words);
  if (evenEnd(share) < share.end) std::memcpy(at<void>(share.out, evenEnd(share)), &word, sizeof word);
}

void copyShare(const Share& share) {
  for (std::size_t byte = share.begin; byte < evenEnd(share); byte += sizeof(Words))
    put(at<Words>(share.out, byte), *at<const Words>(share.a, byte));
  if (evenEnd(share) < share.end)
    std::memcpy(at<void>(share.out, evenEnd(share)), at<const void>(share.a, evenEnd(share)), 8);
}

void triadShare(const Share& share) {
  for (std::size_t byte = share.begin; byte < evenEnd(share); byte += sizeof(Doubles)) {
    const Doubles sum = *at<const Doubles>(share.a, byte) + 2.0 * *at<const Doubles>(share.b, byte);
    put(at<Words>(share.out, byte), reinterpret_cast<Words>(sum));
  }
  if (evenEnd(share) < share.end) {
    double a, b;
    std::memcpy(&a, at<const void>(share.a, evenEnd(share)), sizeof a);
    std::memcpy(&b, at<const void>(share.b, evenEnd(share)), sizeof b);
    const double sum = a + 2.0 * b;
    std::memcpy(at<void>(share.out, evenEnd(share)), &sum, sizeof sum);
  }
}

struct Row {
  const char* name;
  void (*run)(const Share&);
  bool loads, stores;
};

constexpr std::array<Row, 4> rows{{
    // in the order of Stream
    {"read", readShare, true, false},
    {"write", writeShare, false, true},
    {"copy", copyShare, true, true},
    {"triad", triadShare, true, true},
}};

}  // namespace

Kernel memoryStream(Stream stream, std::size_t bytesPerArray, Threads& threads) {
  if (bytesPerArray % 8 != 0)
    throw Error("EINVAL", "a memory row moves whole 64-bit words: " + std::to_string(bytesPerArray) +
                              " bytes is not a multiple of 8");
  const Row& row = rows[static_cast<std::size_t>(stream)];
  Kernel kernel;
  kernel.name = std::string(row.name) + (row.loads ? ", 128-bit loads" : "") +
                (row.stores ? std::string(", 128-bit ") + stores + " stores" : std::string()) + ", " +
                std::to_string(threads.count()) + (threads.count() == 1 ? " thread" : " threads");
  kernel.resource = "memory";
  if (row.stores && std::strcmp(stores, "regular") == 0)
    kernel.note = "regular stores may first read each line they write; that traffic is not counted";
  kernel.launch = [&row, bytesPerArray, &threads](const Operands& operands) {
    if ((operands.out | operands.a | operands.b) % sizeof(Words) != 0)
      throw Error("EINVAL", "the arrays of a memory row start at multiples of 16 bytes");
    threads.shares(bytesPerArray, line, [&](std::size_t index, std::size_t begin, std::size_t end) {
      row.run({operands.out, operands.a, operands.b, begin, end, index});
      finish();
    });
  };
  return kernel;
}

}  // namespace nameplate::cpu
