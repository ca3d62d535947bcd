// Sums of out-of-bag predictions. Kept as whole numbers on a scale of 2^44 to the target's range,
// so that they do not depend on the order in which trees finish.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace causalsynth {

template <class Target>
class OutOfBag {
 public:
  OutOfBag(const Target& target, std::size_t candidates)
      : target_(&target),
        width_(target.width()),
        sums_(candidates * target.rows() * width_, 0),
        trees_(target.rows(), 0),
        add_(width_) {}

  // Rows [from, to) end in a node with these sums, for candidate node size c. `number` says which
  // row of the data each is; null: itself.
  void add(std::size_t c, const std::uint32_t* from, const std::uint32_t* to,
           const std::uint32_t* number, const double* sums, double weight) {
    for (std::size_t k = 0; k < width_; ++k)
      add_[k] = static_cast<std::int64_t>(target_->unit(sums[k] / weight) * kScale + 0.5);
    std::int64_t* base = sums_.data() + c * trees_.size() * width_;
    const std::uint32_t first = c == 0;
    for (const std::uint32_t* at = from; at < to; ++at) {
      const std::size_t row = number ? number[*at] : *at;
      trees_[row] += first;
      for (std::size_t k = 0; k < width_; ++k) base[row * width_ + k] += add_[k];
    }
  }

  void merge(const OutOfBag& other) {
    for (std::size_t i = 0; i < sums_.size(); ++i) sums_[i] += other.sums_[i];
    for (std::size_t i = 0; i < trees_.size(); ++i) trees_[i] += other.trees_[i];
  }

  // Takes over the sums of rows that no tree here left out.
  void fill_gaps(const OutOfBag& extra) {
    const std::size_t n = trees_.size();
    for (std::size_t row = 0; row < n; ++row) {
      if (trees_[row] > 0) continue;
      trees_[row] = extra.trees_[row];
      for (std::size_t i = row * width_; i < sums_.size(); i += n * width_)
        for (std::size_t k = 0; k < width_; ++k) sums_[i + k] = extra.sums_[i + k];
    }
  }

  // Whether each row was left out by a tree here or there.
  bool covered_with(const OutOfBag& extra) const {
    for (std::size_t row = 0; row < trees_.size(); ++row)
      if (trees_[row] == 0 && extra.trees_[row] == 0) return false;
    return true;
  }

  // Sums of the same shape, of no tree yet.
  OutOfBag none() const {
    OutOfBag result(*this);
    std::fill(result.sums_.begin(), result.sums_.end(), 0);
    std::fill(result.trees_.begin(), result.trees_.end(), 0u);
    return result;
  }

  // Rows x width, row after row; NaN where no tree left the row out.
  std::vector<double> means(std::size_t c) const {
    std::vector<double> result(trees_.size() * width_);
    const std::int64_t* base = sums_.data() + c * result.size();
    for (std::size_t i = 0; i < result.size(); ++i)
      result[i] =
          trees_[i / width_] == 0
              ? std::nan("")
              : target_->from_unit(static_cast<double>(base[i]) / kScale / trees_[i / width_]);
    return result;
  }

 private:
  static constexpr double kScale = 0x1.0p44;
  const Target* target_;
  std::size_t width_;
  std::vector<std::int64_t> sums_;  // candidate, row, value
  std::vector<std::uint32_t> trees_;
  std::vector<std::int64_t> add_;
};

}  // namespace causalsynth
