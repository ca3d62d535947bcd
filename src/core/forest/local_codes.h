// The codes that a tree reads while it grows: those of all rows, or a copy of the few rows of one
// node, numbered anew, that stays in near memory while everything below the node is grown.
#pragma once
#include <cstdint>
#include <vector>

#include "quantise.h"

namespace causalsynth {

class LocalCodes {
 public:
  static constexpr std::size_t kMostRows = 4096;      // bagged rows of the node
  static constexpr std::size_t kNearBytes = 8 << 20;  // codes that near memory holds well enough

  // Copying pays where the codes are many, but not far more columns than nodes draw.
  LocalCodes(const CodedFrame& data, std::size_t tries)
      : data_(data),
        pays_(data.rows * data.columns.size() > kNearBytes && data.rows > 4 * kMostRows &&
              data.columns.size() <= 8 * tries) {
    for (const CodedColumn& column : data.columns)
      all_.push_back({column.narrow.data(), column.wide.data()});
    here_ = all_;
  }

  struct Codes {
    const std::uint8_t* narrow;
    const std::uint16_t* wide;
  };
  const Codes& operator[](std::uint32_t column) const { return here_[column]; }
  bool pays() const { return pays_; }
  bool local() const { return local_; }

  // Copies the codes of the samples and renumbers them from 0.
  template <class Sample>
  void enter(Sample* first, Sample* last) {
    rows_.clear();
    for (Sample* s = first; s != last; ++s) {
      rows_.push_back(s->row());
      s->set_row(static_cast<std::uint32_t>(rows_.size() - 1));
    }
    copies_.resize(all_.size());
    for (std::size_t j = 0; j < all_.size(); ++j) {
      const CodedColumn& column = data_.columns[j];
      if (column.is_wide()) {
        copy(column.wide.data(), copies_[j].wide);
        here_[j].wide = copies_[j].wide.data();
      } else {
        copy(column.narrow.data(), copies_[j].narrow);
        here_[j].narrow = copies_[j].narrow.data();
      }
    }
    local_ = true;
  }
  void leave() {
    here_ = all_;
    local_ = false;
  }

 private:
  struct Copy {
    std::vector<std::uint8_t> narrow;
    std::vector<std::uint16_t> wide;
  };
  template <class Code>
  void copy(const Code* from, std::vector<Code>& to) const {
    if (to.size() < rows_.size()) to.resize(rows_.size());
    Code* out = to.data();
    for (std::uint32_t row : rows_) *out++ = from[row];
  }

  const CodedFrame& data_;
  const bool pays_;
  bool local_ = false;
  std::vector<Codes> all_, here_;
  std::vector<Copy> copies_;
  std::vector<std::uint32_t> rows_;
};

}  // namespace causalsynth
