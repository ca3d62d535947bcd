// As CutScores, for cells of one word: the left side's weight in the low half, its weight of class
// 1 in the high one. Four cuts are scored at a time where there are vectors; the same bits as one
// by one. In nodes of at most kExact draws all but the last two operations are exact in single
// precision; larger ones are scored in double.
#pragma once
#include <algorithm>
#include <cstdint>
#include <vector>

#include "../base/bits.h"
#include "cut_scores.h"

namespace causalsynth {

class PackedCutScores {
 public:
  static constexpr std::size_t kNone = CutScores::kNone;
  static constexpr double kExact = 4096;

  explicit PackedCutScores(std::size_t) {}
  void reserve(std::size_t cuts) {
    cells_.resize(cuts + 4);
    scores_.resize(cuts + 4);
  }
  // Left side of cut number i; then use(n) says how many there are.
  template <class Target>
  void put(std::size_t i, const Target&, const std::uint32_t* cell) {
    cells_[i] = *cell;
  }
  void use(std::size_t n) { n_ = n; }

  // The first of the best cuts, if it is better than `least` and leaves min_bucket on either side.
  std::size_t best(const NodeSummary& node, double least) {
    if (n_ == 0) return kNone;
    if (node.weight > kExact) return best_of_large(node, least);
    if (n_ == 1) return best_of_one(node, least);
    for (std::size_t i = n_; i % 4 != 0; ++i) cells_[i] = cells_[n_ - 1];
    const float top = score_fours(node);
    if (!(static_cast<double>(top) > least)) return kNone;
    score_ = static_cast<double>(top);
    return find_place(top);
  }
  double score() const { return score_; }
  double weight(std::size_t place) const { return cells_[place] & 0xFFFFu; }
  void sums(std::size_t place, double* out) const { out[0] = cells_[place] >> 16; }

 private:
  static float score_of(std::uint32_t cell, const NodeSummary& node) {
    const auto all = static_cast<float>(node.weight), sum = static_cast<float>(node.sums[0]);
    const auto least = static_cast<float>(node.min_bucket);
    const auto w = static_cast<float>(static_cast<std::int32_t>(cell & 0xFFFFu));
    const auto s = static_cast<float>(static_cast<std::int32_t>(cell >> 16));
    const float d = s * all - sum * w, rest = all - w;
    return w < least || rest < least ? -1.0f : d * d / (w * rest);
  }

  std::size_t best_of_one(const NodeSummary& node, double least) {
    const auto score = static_cast<double>(score_of(cells_[0], node));
    if (!(score > least)) return kNone;
    score_ = score;
    return 0;
  }

  std::size_t best_of_large(const NodeSummary& node, double least) {
    std::size_t place = kNone;
    for (std::size_t i = 0; i < n_; ++i) {
      const double w = weight(i), rest = node.weight - w;
      if (w < node.min_bucket || rest < node.min_bucket) continue;
      const double d = (cells_[i] >> 16) * node.weight - node.sums[0] * w;
      const double score = d * d / (w * rest);
      if (!(score > least)) continue;
      least = score_ = score;
      place = i;
    }
    return place;
  }

#if defined(__SSE2__)
  float score_fours(const NodeSummary& node) {
    const __m128 all = _mm_set1_ps(static_cast<float>(node.weight));
    const __m128 sum = _mm_set1_ps(static_cast<float>(node.sums[0]));
    const __m128 least = _mm_set1_ps(static_cast<float>(node.min_bucket));
    const __m128i low = _mm_set1_epi32(0xFFFF);
    const std::uint32_t* cells = cells_.data();
    float* scores = scores_.data();
    const bool buckets = node.min_bucket > 1.0;
    __m128 top = _mm_set1_ps(-1.0f);
    for (std::size_t i = 0; i < n_; i += 4) {
      const __m128i cell = _mm_loadu_si128(reinterpret_cast<const __m128i*>(cells + i));
      const __m128 w = _mm_cvtepi32_ps(_mm_and_si128(cell, low));
      const __m128 s = _mm_cvtepi32_ps(_mm_srli_epi32(cell, 16));
      const __m128 d = _mm_sub_ps(_mm_mul_ps(s, all), _mm_mul_ps(sum, w));
      const __m128 rest = _mm_sub_ps(all, w);
      __m128 score = _mm_div_ps(_mm_mul_ps(d, d), _mm_mul_ps(w, rest));
      if (buckets) {
        const __m128 few = _mm_or_ps(_mm_cmplt_ps(w, least), _mm_cmplt_ps(rest, least));
        score = _mm_or_ps(_mm_and_ps(few, _mm_set1_ps(-1.0f)), _mm_andnot_ps(few, score));
      }
      _mm_storeu_ps(scores + i, score);
      top = _mm_max_ps(score, top);
    }
    top = _mm_max_ps(top, _mm_movehl_ps(top, top));
    return std::max(_mm_cvtss_f32(top), _mm_cvtss_f32(_mm_shuffle_ps(top, top, 1)));
  }

  std::size_t find_place(float top) const {
    const __m128 wanted = _mm_set1_ps(top);
    for (std::size_t i = 0;; i += 4) {
      const int equal = _mm_movemask_ps(_mm_cmpeq_ps(_mm_loadu_ps(scores_.data() + i), wanted));
      if (equal) return i + static_cast<std::size_t>(lowest_bit(static_cast<unsigned>(equal)));
    }
  }
#else
  float score_fours(const NodeSummary& node) {
    float top = -1.0f;
    for (std::size_t i = 0; i < n_; ++i)
      top = std::max(top, scores_[i] = score_of(cells_[i], node));
    return top;
  }

  std::size_t find_place(float top) const {
    return static_cast<std::size_t>(std::find(scores_.begin(), scores_.end(), top) -
                                    scores_.begin());
  }
#endif

  std::size_t n_ = 0;
  double score_ = -1.0;
  std::vector<std::uint32_t> cells_;
  std::vector<float> scores_;
};

}  // namespace causalsynth
