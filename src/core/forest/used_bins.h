// Which bins a node of few rows uses, in order, without clearing or visiting all of them.
#pragma once
#include <cstdint>
#include <array>
#include <cstring>
#include <vector>

#include "../base/bits.h"

namespace causalsynth {

class UsedBins {
 public:
  void reserve(std::size_t bins) {
    marks_.assign((bins + 64) / 64 * 64, 0);
    list_.assign(marks_.size() + 8, 0);
  }

  // Calls add(bin, sample) for each sample and notes the bins in use: a byte a bin, so that no mark
  // waits for the one before, as bits of one word would.
  template <class Code, class Sample, class Add>
  void count(const Code* codes, const Sample* samples, std::size_t n, Add add) {
    unsigned char* marks = marks_.data();
    for (std::size_t i = 0; i < n; ++i) {
      const std::uint32_t bin = codes[samples[i].row()];
      add(bin, samples[i]);
      marks[bin] = 1;
    }
  }

  // Calls take(bin) for each bin in use, ascending, and forgets them.
  template <class Take>
  void each(std::uint32_t bins, Take take) {
    const std::size_t used = list_bins(bins);
    for (std::size_t k = 0; k < used; ++k) take(std::uint32_t{list_[k]});
  }

 private:
  // The set bits of each byte, eight places a word, and how many they are.
  struct Places {
    std::array<std::uint64_t, 256> at{};
    std::array<std::uint8_t, 256> count{};
    constexpr Places() {
      for (std::size_t byte = 0; byte < 256; ++byte)
        for (std::size_t bit = 0; bit < 8; ++bit)
          if (byte >> bit & 1) at[byte] |= std::uint64_t{bit} << (8 * count[byte]++);
    }
  };
  static const Places& places() {
    static const Places table;
    return table;
  }

  static void store_places(std::uint64_t eight, std::uint32_t base, std::uint16_t* out) {
#if defined(__SSE2__)
    const __m128i places = _mm_unpacklo_epi8(
        _mm_loadl_epi64(reinterpret_cast<const __m128i*>(&eight)), _mm_setzero_si128());
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out),
                     _mm_add_epi16(places, _mm_set1_epi16(static_cast<short>(base))));
#else
    for (int k = 0; k < 8; ++k, eight >>= 8)
      out[k] = static_cast<std::uint16_t>(base + (eight & 0xFF));
#endif
  }

  // Without a branch on which bins are in use: eight at a time, all places of a byte are written,
  // and those beyond its own are written over by the next.
  std::size_t list_bins(std::uint32_t bins) {
    const Places& table = places();
    std::size_t used = 0;
    for (std::uint32_t first = 0; first <= bins; first += 64) {
      unsigned char* marks = marks_.data() + first;
      std::uint64_t word = pack_bytes(marks);
      std::memset(marks, 0, 64);
      for (std::uint32_t base = first; base < first + 64; base += 8, word >>= 8) {
        const std::size_t byte = word & 0xFF;
        store_places(table.at[byte], base, list_.data() + used);
        used += table.count[byte];
      }
    }
    return used;
  }

  std::vector<unsigned char> marks_;
  std::vector<std::uint16_t> list_;
};

}  // namespace causalsynth
