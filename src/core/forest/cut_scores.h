// Scores of the cuts of one column. With the node's sums S of weight W and the left side's s of
// weight w, the score is |s W - S w|^2 / (w (W - w)): W times the gain, Gini's for shares and the
// variance's for means.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstring>
#include <vector>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace causalsynth {

// What the search must know of the node.
struct NodeSummary {
  const double* sums;
  double weight;
  double min_bucket;
};

class CutScores {
 public:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  explicit CutScores(std::size_t width) : width_(width) {}
  void reserve(std::size_t cuts) {
    weights_.resize(cuts + 2);
    sums_.resize(cuts * width_ + 2);
    scores_.resize(cuts + 2);
  }
  // Left side of cut number i; then use(n) says how many there are.
  template <class Target>
  void put(std::size_t i, const Target& target, const typename Target::Cell* cell) {
    weights_[i] = target.weight(cell);
    target.sums(cell, sums_.data() + i * width_);
  }
  void use(std::size_t n) { n_ = n; }

  // The first of the best cuts, if it is better than `least` and leaves min_bucket on either side.
  std::size_t best(const NodeSummary& node, double least) {
    if (n_ == 0) return kNone;
    const double top = width_ == 1 ? score_pairs(node) : score_all(node);
    if (!(top > least)) return kNone;
    score_ = top;
    std::size_t place = 0;
    while (scores_[place] != top) ++place;
    return place;
  }
  double score() const { return score_; }
  double weight(std::size_t place) const { return weights_[place]; }
  void sums(std::size_t place, double* out) const {
    std::memcpy(out, sums_.data() + place * width_, width_ * sizeof(double));
  }

 private:
  // Cuts that leave too little on a side score -1.
  static double score_of(double distance, double weight, const NodeSummary& node) {
    const double rest = node.weight - weight;
    return weight < node.min_bucket || rest < node.min_bucket ? -1.0 : distance / (weight * rest);
  }

  double score_all(const NodeSummary& node) {
    double top = -1.0;
    for (std::size_t i = 0; i < n_; ++i) {
      double distance = 0.0;
      for (std::size_t k = 0; k < width_; ++k) {
        const double d = sums_[i * width_ + k] * node.weight - node.sums[k] * weights_[i];
        distance += d * d;
      }
      scores_[i] = score_of(distance, weights_[i], node);
      if (scores_[i] > top) top = scores_[i];
    }
    return top;
  }

  // Two lanes where there are; the same bits as one by one.
  double score_pairs(const NodeSummary& node) {
#if defined(__SSE2__)
    if (node.min_bucket > 1.0) return score_all(node);
    const __m128d all = _mm_set1_pd(node.weight), sum = _mm_set1_pd(node.sums[0]);
    const double *weights = weights_.data(), *sums = sums_.data();
    double* scores = scores_.data();
    weights_[n_] = weights_[n_ - 1];  // the odd one out has company
    sums_[n_] = sums_[n_ - 1];
    __m128d top = _mm_set1_pd(-1.0);
    for (std::size_t i = 0; i < n_; i += 2) {
      const __m128d w = _mm_loadu_pd(weights + i), s = _mm_loadu_pd(sums + i);
      const __m128d d = _mm_sub_pd(_mm_mul_pd(s, all), _mm_mul_pd(sum, w));
      const __m128d score = _mm_div_pd(_mm_mul_pd(d, d), _mm_mul_pd(w, _mm_sub_pd(all, w)));
      _mm_storeu_pd(scores + i, score);
      top = _mm_max_pd(score, top);
    }
    return std::max(_mm_cvtsd_f64(top), _mm_cvtsd_f64(_mm_unpackhi_pd(top, top)));
#else
    return score_all(node);
#endif
  }

  std::size_t width_, n_ = 0;
  double score_ = -1.0;
  std::vector<double> weights_, sums_, scores_;
};

}  // namespace causalsynth
