// A smooth univariate law as a monotone function of a standard normal score: value = q(z), linear
// between knots that are equally spaced in z. Learnt from a kernel density estimate (bandwidth by
// leave-one-out likelihood, mass reflected at the ends, which lie inside the sample's range), so
// that nothing stored is an order statistic of the sample.
#pragma once
#include <cstdint>
#include <vector>

#include "../base/archive.h"
#include "../base/span.h"
#include "../random/stream.h"

namespace causalsynth {

class ScoreLaw {
 public:
  // A column's numbers: the law reaches over all of them. Residuals: their variance is
  // widened by half of what smoothing alone would add.
  enum class Use { numbers, residuals };
  // `values` finite, at least one; `weights` empty or one a value. `left_out`, if given, gets each
  // value's log density without itself.
  static ScoreLaw learn(Span<const double> values, Span<const double> weights, Use use,
                        Stream& stream, std::vector<double>* left_out = nullptr);

  bool empty() const { return knots_.empty(); }
  double low() const { return knots_.front(); }
  double high() const { return knots_.back(); }
  double value(double z) const;                  // z beyond the ends: the ends
  double score(double value) const;              // the inverse
  double log_slope(double value) const;          // log dz/dvalue
  double log_density(double value) const;        // -inf beyond the ends
  double draw(Stream& stream) const;
  double cdf(double value) const;
  double quantile(double p) const;

  void pack(ArchiveWriter& out) const { out.vector(knots_); }
  static ScoreLaw unpack(ArchiveReader& in);

 private:
  std::size_t cell(double value) const;
  std::vector<double> knots_;  // q at -kReach + k * step
};

// A number strictly between two others, from the middle of their gap.
double jitter_between(double low, double high, Stream& stream);

}  // namespace causalsynth
