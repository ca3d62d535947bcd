// What a tree predicts: shares of two classes, of several, or a mean. Each target says how bagged
// rows are stored while a tree grows and how a histogram bin (stride() cells) adds them up; sums
// have width() values. Splits maximise the sum over children of |sums|^2 / weight: for shares the
// Gini gain, for means the variance gain.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>

#include "../base/require.h"
#include "../base/span.h"

namespace causalsynth {

// Two classes: cells hold the weight in the low half and the weight of class 1 in the high half.
class BinaryTarget {
 public:
  struct Sample {
    std::uint32_t row;
    std::uint16_t weight, positive;
  };
  using Cell = std::uint64_t;
  static constexpr std::uint32_t kMaxWeight = 65535;

  explicit BinaryTarget(Span<const double> y) : y_(y) {
    for (double value : y) require(value == 0.0 || value == 1.0, "classes must be 0 and 1");
  }
  std::size_t width() const { return 1; }
  std::size_t rows() const { return y_.size(); }
  Sample sample(std::uint32_t row, std::uint32_t weight) const {
    const auto w = static_cast<std::uint16_t>(weight);
    return {row, w, y_[row] == 1.0 ? w : std::uint16_t{0}};
  }
  static constexpr std::size_t stride() { return 1; }
  static void add(Cell* bin, const Sample& s) {
    *bin += std::uint64_t{s.weight} | (std::uint64_t{s.positive} << 32);
  }
  static double weight(const Cell* cell) { return static_cast<double>(*cell & 0xFFFFFFFFull); }
  static double order(const Cell* cell, const double*) { return sum(cell) / weight(cell); }
  static void accumulate(const Cell* cell, double* sums) { sums[0] += sum(cell); }
  double squared(const double* sums) const { return sums[0] * sums[0]; }
  double squared_rest(const double* total, const double* sums) const {
    return (total[0] - sums[0]) * (total[0] - sums[0]);
  }
  bool pure(const Sample*, std::size_t, const double* sums, double weight) const {
    return sums[0] == 0.0 || sums[0] == weight;
  }
  double value(double mean) const { return mean; }
  double unit(double mean) const { return mean; }
  double from_unit(double unit) const { return unit; }

 private:
  static double sum(const Cell* cell) { return static_cast<double>(*cell >> 32); }
  Span<const double> y_;
};

// A mean. Values are centred, so that large offsets cost no digits.
class MeanTarget {
 public:
  struct Sample {
    std::uint32_t row;
    float weight;
    double sum;
  };
  struct Cell {
    double weight = 0.0, sum = 0.0;
  };
  static constexpr std::uint32_t kMaxWeight = 1u << 24;

  explicit MeanTarget(Span<const double> y) : y_(y) {
    low_ = high_ = y.empty() ? 0.0 : y[0];
    for (double value : y) {
      require(std::isfinite(value), "outcomes must be finite");
      if (value < low_) low_ = value;
      if (value > high_) high_ = value;
    }
    centre_ = low_ + (high_ - low_) / 2;
  }
  std::size_t width() const { return 1; }
  std::size_t rows() const { return y_.size(); }
  Sample sample(std::uint32_t row, std::uint32_t weight) const {
    return {row, static_cast<float>(weight), weight * (y_[row] - centre_)};
  }
  static constexpr std::size_t stride() { return 1; }
  static void add(Cell* bin, const Sample& s) {
    bin->weight += s.weight;
    bin->sum += s.sum;
  }
  static double weight(const Cell* cell) { return cell->weight; }
  static double order(const Cell* cell, const double*) { return cell->sum / cell->weight; }
  static void accumulate(const Cell* cell, double* sums) { sums[0] += cell->sum; }
  double squared(const double* sums) const { return sums[0] * sums[0]; }
  double squared_rest(const double* total, const double* sums) const {
    return (total[0] - sums[0]) * (total[0] - sums[0]);
  }
  bool pure(const Sample* samples, std::size_t n, const double*, double) const {
    const double first = y_[samples[0].row];
    for (std::size_t i = 1; i < n; ++i)
      if (y_[samples[i].row] != first) return false;
    return true;
  }
  double value(double mean) const { return centre_ + mean; }
  // Means on [0, 1] and back: out-of-bag sums are kept as whole numbers of that scale.
  double unit(double mean) const {
    return high_ > low_ ? (mean + centre_ - low_) / (high_ - low_) : 0.0;
  }
  double from_unit(double unit) const { return low_ + unit * (high_ - low_); }

 private:
  Span<const double> y_;
  double low_, high_, centre_;
};

// Several classes, coded 0..K-1. A bin holds its weight, then the weight of each class.
class ClassTarget {
 public:
  struct Sample {
    std::uint32_t row;
    std::uint16_t weight, label;
  };
  using Cell = std::uint32_t;
  static constexpr std::uint32_t kMaxWeight = 65535;

  ClassTarget(Span<const double> y, std::size_t classes) : y_(y), classes_(classes) {
    require(classes >= 2 && classes <= 65535, "there must be from 2 to 65535 classes");
    for (double value : y)
      require(value >= 0.0 && value < static_cast<double>(classes) && value == std::floor(value),
              "unknown class");
  }
  std::size_t width() const { return classes_; }
  std::size_t rows() const { return y_.size(); }
  Sample sample(std::uint32_t row, std::uint32_t weight) const {
    return {row, static_cast<std::uint16_t>(weight), static_cast<std::uint16_t>(y_[row])};
  }
  std::size_t stride() const { return classes_ + 1; }
  static void add(Cell* bin, const Sample& s) {
    bin[0] += s.weight;
    bin[1 + s.label] += s.weight;
  }
  static double weight(const Cell* bin) { return bin[0]; }
  // Levels of a factor are ordered by their share of the node's most frequent class.
  double order(const Cell* bin, const double* total) const {
    const std::size_t top = std::max_element(total, total + classes_) - total;
    return static_cast<double>(bin[1 + top]) / bin[0];
  }
  void accumulate(const Cell* bin, double* sums) const {
    for (std::size_t k = 0; k < classes_; ++k) sums[k] += bin[1 + k];
  }
  double squared(const double* sums) const {
    double result = 0.0;
    for (std::size_t k = 0; k < classes_; ++k) result += sums[k] * sums[k];
    return result;
  }
  double squared_rest(const double* total, const double* sums) const {
    double result = 0.0;
    for (std::size_t k = 0; k < classes_; ++k)
      result += (total[k] - sums[k]) * (total[k] - sums[k]);
    return result;
  }
  bool pure(const Sample*, std::size_t, const double* sums, double weight) const {
    for (std::size_t k = 0; k < classes_; ++k)
      if (sums[k] == weight) return true;
    return false;
  }
  double value(double share) const { return share; }
  double unit(double share) const { return share; }
  double from_unit(double unit) const { return unit; }

 private:
  Span<const double> y_;
  std::size_t classes_;
};

}  // namespace causalsynth
