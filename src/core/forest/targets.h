// What a tree predicts: shares of two classes, of several, or a mean. Each target says how bagged
// rows are stored while a tree grows and how a histogram bin (stride() cells) adds them up; sums
// have width() values.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "../base/require.h"
#include "../base/span.h"
#include "packed_cut_scores.h"

namespace causalsynth {

// Two classes: the low half of a cell is its weight, the high half its weight of class 1. Halves of
// 16 bits do where a bag has at most 65535 draws.
template <class CellWord>
class BinaryTarget {
 public:
  using Cell = CellWord;
  // One word: the row, its weight and its weight of class 1.
  class Sample {
   public:
    Sample() = default;
    // `unit`: 1 in the place of the weight, and of the weight of class 1 if the row is of it.
    Sample(std::uint32_t row, std::uint32_t weight, std::uint64_t unit)
        : bits_(row | (weight * unit)) {}
    std::uint32_t row() const { return static_cast<std::uint32_t>(bits_); }
    void set_row(std::uint32_t row) { bits_ = (bits_ & ~std::uint64_t{0xFFFFFFFFu}) | row; }
    Cell cell() const {
      if constexpr (sizeof(Cell) == 4) return static_cast<Cell>(bits_ >> 32);
      return ((bits_ >> 32) & 0xFFFFu) | (bits_ >> 48 << 32);
    }

   private:
    std::uint64_t bits_ = 0;
  };
  static constexpr std::uint32_t kMaxWeight = 65535;
  static constexpr bool kOneCell = true;
  using Cuts = std::conditional_t<sizeof(Cell) == 4, PackedCutScores, CutScores>;

  explicit BinaryTarget(Span<const double> y) : units_(y.size()) {
    for (std::size_t i = 0; i < y.size(); ++i) {
      require(y[i] == 0.0 || y[i] == 1.0, "classes must be 0 and 1");
      units_[i] = kUnits[y[i] == 1.0];
    }
  }
  std::size_t width() const { return 1; }
  std::size_t rows() const { return units_.size(); }
  Sample sample(std::uint32_t row, std::uint32_t weight) const {
    return {row, weight, units_[row]};
  }
  static constexpr std::size_t stride() { return 1; }
  static void add(Cell* bin, const Sample& s) { *bin += s.cell(); }
  // Adds nothing unless `wanted`, without a branch.
  static void add_if(bool wanted, Cell* bin, const Sample& s) {
    *bin += s.cell() & (Cell{0} - static_cast<Cell>(wanted));
  }
  static void merge(Cell* into, const Cell* from) { *into += *from; }
  static double weight(const Cell* cell) {
    return static_cast<double>(static_cast<std::int64_t>(*cell & kLow));
  }
  static double order(const Cell* cell, const double*) { return sum(cell) / weight(cell); }
  static void sums(const Cell* cell, double* out) { out[0] = sum(cell); }
  static bool known_pure(const double* sums, double weight) {
    return sums[0] == 0.0 || sums[0] == weight;
  }
  static bool pure(const Sample*, std::size_t) { return false; }  // known from the sums
  double value(double mean) const { return mean; }
  double scale() const { return 1.0; }  // of value()
  double unit(double mean) const { return mean; }
  double from_unit(double unit) const { return unit; }

 private:
  static constexpr int kHalf = 4 * sizeof(Cell);
  static constexpr Cell kLow = (Cell{1} << kHalf) - 1;
  static double sum(const Cell* cell) {
    return static_cast<double>(static_cast<std::int64_t>(*cell >> kHalf));
  }
  static constexpr std::uint64_t kUnits[2] = {std::uint64_t{1} << 32,
                                              (std::uint64_t{1} << 32) | (std::uint64_t{1} << 48)};
  std::vector<std::uint64_t> units_;
};

// A mean. Values are centred and scaled by a power of two, so that large offsets cost no digits and
// nothing overflows; neither changes a digit of the values themselves.
class MeanTarget {
 public:
  struct Sample {
    std::uint32_t number;
    float weight;
    double y;
    std::uint32_t row() const { return number; }
    void set_row(std::uint32_t row) { number = row; }
  };
  struct Cell {
    double weight = 0.0, sum = 0.0;
  };
  static constexpr std::uint32_t kMaxWeight = 1u << 24;
  static constexpr bool kOneCell = true;
  using Cuts = CutScores;

  explicit MeanTarget(Span<const double> y) : y_(y.begin(), y.end()) {
    low_ = high_ = y.empty() ? 0.0 : y[0];
    for (double value : y) {
      require(std::isfinite(value), "outcomes must be finite");
      if (value < low_) low_ = value;
      if (value > high_) high_ = value;
    }
    const double half = high_ / 2 - low_ / 2;
    centre_ = low_ + half;
    int exponent = 0;
    if (half > 0.0) std::frexp(half, &exponent);
    exponent = std::min(std::max(exponent, -1000), 1000);  // both ways stay finite
    scale_ = std::ldexp(1.0, exponent);
    for (double& value : y_) value = std::ldexp(value - centre_, -exponent);
  }
  std::size_t width() const { return 1; }
  std::size_t rows() const { return y_.size(); }
  Sample sample(std::uint32_t row, std::uint32_t weight) const {
    return {row, static_cast<float>(weight), y_[row]};
  }
  static constexpr std::size_t stride() { return 1; }
  static void add(Cell* bin, const Sample& s) {
    bin->weight += s.weight;
    bin->sum += s.weight * s.y;
  }
  static void add_if(bool wanted, Cell* bin, const Sample& s) {
    const double weight = wanted ? s.weight : 0.0;
    bin->weight += weight;
    bin->sum += weight * s.y;
  }
  static void merge(Cell* into, const Cell* from) {
    into->weight += from->weight;
    into->sum += from->sum;
  }
  static double weight(const Cell* cell) { return cell->weight; }
  static double order(const Cell* cell, const double*) { return cell->sum / cell->weight; }
  static void sums(const Cell* cell, double* out) { out[0] = cell->sum; }
  static bool known_pure(const double*, double) { return false; }
  static bool pure(const Sample* samples, std::size_t n) {
    for (std::size_t i = 1; i < n; ++i)
      if (samples[i].y != samples[0].y) return false;
    return true;
  }
  double value(double mean) const { return centre_ + scale_ * mean; }
  double scale() const { return scale_; }
  // Means on [0, 1] and back: out-of-bag sums are kept as whole numbers of that scale.
  double unit(double mean) const {
    if (!(high_ > low_)) return 0.0;
    const double share = (value(mean) / 2 - low_ / 2) / (high_ / 2 - low_ / 2);
    return std::min(std::max(share, 0.0), 1.0);  // beyond by rounding only
  }
  double from_unit(double unit) const { return low_ * (1 - unit) + high_ * unit; }

 private:
  std::vector<double> y_;
  double low_, high_, centre_, scale_;
};

// Several classes, coded 0..K-1. A bin holds its weight, then the weight of each class.
class ClassTarget {
 public:
  struct Sample {
    std::uint32_t number;
    std::uint16_t weight, label;
    std::uint32_t row() const { return number; }
    void set_row(std::uint32_t row) { number = row; }
  };
  using Cell = std::uint32_t;
  static constexpr std::uint32_t kMaxWeight = 65535;
  static constexpr bool kOneCell = false;
  using Cuts = CutScores;

  ClassTarget(Span<const double> y, std::size_t classes) : label_(y.size()), classes_(classes) {
    require(classes >= 2 && classes <= 65535, "there must be from 2 to 65535 classes");
    for (std::size_t i = 0; i < y.size(); ++i) {
      require(y[i] >= 0.0 && y[i] < static_cast<double>(classes) && y[i] == std::floor(y[i]),
              "unknown class");
      label_[i] = static_cast<std::uint16_t>(y[i]);
    }
  }
  std::size_t width() const { return classes_; }
  std::size_t rows() const { return label_.size(); }
  Sample sample(std::uint32_t row, std::uint32_t weight) const {
    return {row, static_cast<std::uint16_t>(weight), label_[row]};
  }
  std::size_t stride() const { return classes_ + 1; }
  static void add(Cell* bin, const Sample& s) {
    bin[0] += s.weight;
    bin[1 + s.label] += s.weight;
  }
  void merge(Cell* into, const Cell* from) const {
    for (std::size_t k = 0; k <= classes_; ++k) into[k] += from[k];
  }
  static double weight(const Cell* bin) { return bin[0]; }
  // Levels of a factor are ordered by their share of the node's most frequent class.
  double order(const Cell* bin, const double* total) const {
    const std::size_t top = std::max_element(total, total + classes_) - total;
    return static_cast<double>(bin[1 + top]) / bin[0];
  }
  void sums(const Cell* bin, double* out) const {
    for (std::size_t k = 0; k < classes_; ++k) out[k] = bin[1 + k];
  }
  static bool pure(const Sample*, std::size_t) { return false; }  // known from the sums
  bool known_pure(const double* sums, double weight) const {
    for (std::size_t k = 0; k < classes_; ++k)
      if (sums[k] == weight) return true;
    return false;
  }
  double value(double share) const { return share; }
  double scale() const { return 1.0; }
  double unit(double share) const { return share; }
  double from_unit(double unit) const { return unit; }

 private:
  std::vector<std::uint16_t> label_;
  std::size_t classes_;
};

}  // namespace causalsynth
