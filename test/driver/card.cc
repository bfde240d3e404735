#include "card.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>

#include "bus.h"
#include "setting.h"

namespace nameplate::simulated {
namespace {

//                        fp64 fp32 dp4a t.fp64 tf32  fp16 acc16  bf16   fp8  int8
constexpr Rates volta{32, 64, 256, 0, 0, 512, 512, 0, 0, 0};
constexpr Rates ga100{32, 64, 256, 64, 512, 1024, 1024, 1024, 0, 2048};
constexpr Rates adaL40{2, 128, 512, 0, 128, 256, 256, 256, 512, 512};
constexpr Rates adaGeForce{2, 128, 512, 0, 128, 256, 512, 256, 512, 1024};
constexpr Rates hopper{64, 128, 512, 128, 1024, 2048, 2048, 2048, 4096, 4096};

const std::vector<Card>& table() {
  static const std::vector<Card> rows{
      {"v100-sxm2-16gb", "Tesla V100-SXM2-16GB", 70, 80, 16945709056, 1530e6, 1530e6, 877e6, 4096, 900e9, 300,
       0x1db1, 3, true, false, 6, 2, &volta},
      {"a100-sxm4-80gb", "NVIDIA A100-SXM4-80GB", 80, 108, 85174714368, 1410e6, 1410e6, 1593e6, 5120, 2039e9,
       400, 0x20b2, 4, true, true, 12, 3, &ga100},
      {"l40", "NVIDIA L40", 89, 142, 47697362944, 2490e6, 2490e6, 9001e6, 384, 864e9, 300, 0x26b5, 4, true,
       false, 0, 0, &adaL40},
      {"rtx-4090", "NVIDIA GeForce RTX 4090", 89, 128, 25393692672, 3105e6, 2520e6, 10501e6, 384, 1008e9, 450,
       0x2684, 4, false, false, 0, 0, &adaGeForce},
      {"h100-sxm5-80gb", "NVIDIA H100 80GB HBM3", 90, 132, 85045673984, 1980e6, 1830e6, 2619e6, 5120, 3352e9,
       700, 0x2330, 5, true, true, 18, 4, &hopper},
      {"h200-sxm-141gb", "NVIDIA H200", 90, 132, 150109880320, 1980e6, 1830e6, 3201e6, 6144, 4800e9, 700,
       0x2335, 5, true, true, 18, 4, &hopper},
      {"mig-1g.10gb", "NVIDIA A100-SXM4-80GB MIG 1g.10gb", 80, 14, 10200547328, 1410e6, 1410e6, 1593e6, 640,
       2039e9 / 8, 400, 0x20b2, 4, true, true, 12, 3, &ga100},
      {"unknown", "NVIDIA Nonesuch 9000", 90, 96, 51539607552, 2000e6, 1900e6, 3000e6, 4096, 3000e9, 500,
       0x9999, 5, true, false, 0, 0, &hopper},
      {"unknown-100", "NVIDIA Nonesuch 10000", 100, 148, 51539607552, 2000e6, 1900e6, 3000e6, 8192, 8000e9,
       1000, 0x9998, 5, true, false, 0, 0, &hopper},
  };
  return rows;
}

std::vector<Card> chosen() {
  const std::string asked = setting("NAMEPLATE_SIMULATE", "h200-sxm-141gb");
  const std::size_t count = asked == "three-h200" ? 3 : asked == "two-h200" ? 2 : 1;
  std::string known;
  for (const Card& card : table()) {
    known += card.id + ", ";
    if (card.id != (count > 1 ? "h200-sxm-141gb" : asked)) continue;
    std::vector<Card> found(count, card);
    for (unsigned slot = 0; Card& each : found) each.slot = slot++;
    std::erase_if(found, [gone = emptySlots()](const Card& each) {
      return std::ranges::find(gone, each.slot) != gone.end();
    });
    for (unsigned ordinal = 0; Card& each : found) each.ordinal = ordinal++;
    return found;
  }
  refuse("NAMEPLATE_SIMULATE=" + asked + "; allowed are " + known + "two-h200, three-h200");
}

}  // namespace

std::array<unsigned char, 16> Card::uuid() const {
  std::array<unsigned char, 16> bytes{};
  const auto serial = static_cast<std::uint32_t>(number("NAMEPLATE_SIMULATE_SERIAL", 0));
  for (std::size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = static_cast<unsigned char>(name[i % name.size()] * (i + 1) + slot);
  for (std::size_t i = 0; i < sizeof serial; ++i) bytes[i] ^= static_cast<unsigned char>(serial >> 8 * i);
  return bytes;
}

std::string Card::uuidText() const {
  std::string text = mig() ? "MIG" : "GPU";
  const auto bytes = uuid();
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    char hex[4];
    std::snprintf(hex, sizeof hex, "%02x", bytes[i]);
    if (i == 0 || i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += hex;
  }
  return text;
}

std::string Card::busId() const {
  char text[32];
  std::snprintf(text, sizeof text, "00000000:%02X:00.0", busNumber());
  return text;
}

const std::vector<Card>& cards() {
  static const std::vector<Card> found = chosen();
  return found;
}

}  // namespace nameplate::simulated
