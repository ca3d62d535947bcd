// Which bins a node of few rows uses, in order, without clearing or visiting all of them.
#pragma once
#include <cstdint>
#include <cstring>
#include <vector>

#include "../base/bits.h"

namespace causalsynth {

class UsedBins {
 public:
  void reserve(std::size_t bins) {
    marks_.assign((bins + 64) / 64 * 64, 0);
    words_.assign(marks_.size() / 64, 0);
  }

  // Calls add(bin, sample) for each sample and notes the bins in use.
  template <class Code, class Sample, class Add>
  void count(const Code* codes, const Sample* samples, std::size_t n, std::uint32_t bins, Add add) {
    if (n < kFewRows) {
      std::uint64_t* words = words_.data();
      for (std::size_t i = 0; i < n; ++i) {
        const std::uint32_t bin = codes[samples[i].row()];
        add(bin, samples[i]);
        words[bin >> 6] |= std::uint64_t{1} << (bin & 63);
      }
      return;
    }
    // A byte a bin: no mark waits for the one before, as bits of one word would.
    unsigned char* marks = marks_.data();
    for (std::size_t i = 0; i < n; ++i) {
      const std::uint32_t bin = codes[samples[i].row()];
      add(bin, samples[i]);
      marks[bin] = 1;
    }
    gather_marks(bins);
  }

  // Calls take(bin) for each bin in use, ascending, and forgets them.
  template <class Take>
  void each(std::uint32_t bins, Take take) {
    for (std::uint32_t w = 0; w <= bins >> 6; ++w) {
      std::uint64_t word = words_[w];
      words_[w] = 0;
      for (; word; word &= word - 1) take(64 * w + static_cast<std::uint32_t>(lowest_bit(word)));
    }
  }

 private:
  static constexpr std::size_t kFewRows = 12;

  // Bytes of 0 or 1 to bits; clears the bytes.
  void gather_marks(std::uint32_t bins) {
    for (std::uint32_t w = 0; w <= bins >> 6; ++w) {
      unsigned char* bytes = marks_.data() + 64 * w;
      words_[w] = pack_bytes(bytes);
      std::memset(bytes, 0, 64);
    }
  }

  std::vector<unsigned char> marks_;
  std::vector<std::uint64_t> words_;
};

}  // namespace causalsynth
