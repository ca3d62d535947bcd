// All weights of a network in one flat vector; layers know where theirs are.
#pragma once
#include <cmath>
#include <cstdint>
#include <vector>

#include "../base/archive.h"
#include "../random/stream.h"
#include "matrix.h"

namespace causalsynth {

// A layer's weights: rows x cols numbers from `at`.
struct Slot {
  std::size_t at = 0, rows = 0, cols = 0;
  std::size_t size() const { return rows * cols; }
  template <class T>
  Rows<T> in(T* flat) const {
    return {flat + at, rows, cols};
  }
};

template <class T>
class Parameters {
 public:
  // `decays`: whether weight decay applies (weights yes; biases, gains no).
  Slot add(std::size_t rows, std::size_t cols, bool decays) {
    const Slot slot{values_.size(), rows, cols};
    values_.resize(values_.size() + slot.size(), T(0));
    decays_.resize(values_.size(), decays);
    return slot;
  }
  void fill(const Slot& slot, T value) {
    for (std::size_t k = 0; k < slot.size(); ++k) values_[slot.at + k] = value;
  }
  // Normal of standard deviation `sd`.
  void randomise(const Slot& slot, double sd, Stream& stream) {
    for (std::size_t k = 0; k < slot.size(); ++k)
      values_[slot.at + k] = static_cast<T>(sd * stream.normal());
  }
  std::size_t size() const { return values_.size(); }
  T* data() { return values_.data(); }
  const T* data() const { return values_.data(); }
  std::vector<T>& values() { return values_; }
  const std::vector<T>& values() const { return values_; }
  const std::vector<std::uint8_t>& decays() const { return decays_; }

  void pack(ArchiveWriter& out) const { out.vector(values_); }
  // Into a network of the same shape; every weight finite.
  void unpack(ArchiveReader& in) {
    std::vector<T> read;
    in.vector(read);
    ArchiveReader::require(read.size() == values_.size());
    for (const T x : read) ArchiveReader::require(std::isfinite(x));
    values_ = std::move(read);
  }

 private:
  std::vector<T> values_;
  std::vector<std::uint8_t> decays_;
};

}  // namespace causalsynth
