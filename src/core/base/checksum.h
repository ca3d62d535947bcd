// CRC-32C: the polynomial 0x1EDC6F41 of Castagnoli, Braeuer and Herrmann (1993), bits reflected,
// begun and ended by inversion, as RFC 3720 (section 12.1) defines it. It finds every change within
// 32 neighbouring bits.
#pragma once
#include <array>
#include <cstdint>

#include "span.h"

namespace causalsynth {

class Crc32c {
 public:
  void add(Span<const unsigned char> bytes) {
    for (const unsigned char byte : bytes)
      state_ = (state_ >> 8) ^ table()[(state_ ^ byte) & 0xFFu];
  }
  std::uint32_t value() const { return ~state_; }

 private:
  static const std::array<std::uint32_t, 256>& table() {
    static const std::array<std::uint32_t, 256> filled = [] {
      std::array<std::uint32_t, 256> t{};
      for (std::uint32_t i = 0; i < 256; ++i) {
        std::uint32_t c = i;
        for (int bit = 0; bit < 8; ++bit) c = (c >> 1) ^ (c & 1u ? 0x82F63B78u : 0u);
        t[i] = c;
      }
      return t;
    }();
    return filled;
  }
  std::uint32_t state_ = 0xFFFFFFFFu;
};

inline std::uint32_t crc32c(Span<const unsigned char> bytes) {
  Crc32c crc;
  crc.add(bytes);
  return crc.value();
}

}  // namespace causalsynth
