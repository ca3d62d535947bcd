#include "conditional.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <numeric>

namespace causalsynth {
namespace {

constexpr std::size_t kBlockRows = 64;
constexpr int kTruncationRounds = 60;
constexpr double kLeastDensity = 1e-12;

// A block of rows, each with its candidates side by side.
class Particles {
 public:
  Particles(const SequentialGenerator& generator, std::size_t rows)
      : generator_(generator),
        rows_(rows),
        block_(rows * kCandidates, generator.margins()),
        lost_(rows, 0) {}

  void draw(std::size_t j, Stream& stream) { generator_.draw_column(j, block_, stream); }

  void fix(std::size_t j, const GivenColumn& given, std::size_t begin, Stream& stream) {
    const ColumnMargin& margin = generator_.margins()[j];
    const std::vector<double> p = generator_.law(j).classes.probabilities(block_.view());
    std::vector<double> weight(block_.view().rows);
    if (given.kind == GivenColumn::Kind::value)
      weigh_values(j, given.value.data() + begin, p, weight);
    else
      choose_allowed(j, given, p, stream, weight);
    block_.refresh(j, margin);
    resample(j, weight, stream);
  }

  const double* values(std::size_t j) { return block_.values(j); }
  std::size_t lost() const {
    return static_cast<std::size_t>(std::accumulate(lost_.begin(), lost_.end(), 0));
  }

 private:
  void weigh_values(std::size_t j, const double* value, const std::vector<double>& p,
                    std::vector<double>& weight) {
    const ColumnMargin& margin = generator_.margins()[j];
    const std::size_t m = weight.size(), classes = margin.classes();
    double* out = block_.values(j);
    std::vector<std::uint32_t> numbers;
    std::vector<double> known;
    for (std::uint32_t i = 0; i < m; ++i) {
      out[i] = value[i / kCandidates];
      const int k = margin.class_of(out[i]);
      // A level that the law does not know says nothing about the earlier columns.
      const double chance = k < 0 ? 1.0 : p[i * classes + static_cast<std::size_t>(k)];
      weight[i] = std::max(chance, kLeastDensity);
      if (!margin.continuous() || k != static_cast<int>(margin.number_class())) continue;
      numbers.push_back(i);
      known.push_back(std::min(std::max(out[i], margin.low()), margin.high()));
    }
    if (numbers.empty()) return;
    const auto at = generator_.law(j).numbers.at(margin, block_.view(), numbers, known.data());
    for (std::size_t k = 0; k < numbers.size(); ++k)
      weight[numbers[k]] *= std::max(at[k].density, kLeastDensity);
  }

  // Atoms within what is allowed, and the numbers' part of it, by their probabilities.
  void choose_allowed(std::size_t j, const GivenColumn& given, const std::vector<double>& p,
                      Stream& stream, std::vector<double>& weight) {
    const ColumnMargin& margin = generator_.margins()[j];
    const std::size_t m = weight.size(), classes = margin.classes();
    const std::vector<double>& atoms = margin.atoms();
    std::vector<double> share(classes, 0.0);
    std::vector<unsigned char> allowed(classes, 0);
    for (std::size_t k = 0; k < atoms.size(); ++k)
      allowed[k] = given.kind == GivenColumn::Kind::range
                       ? atoms[k] >= given.low && atoms[k] <= given.high
                       : std::count(given.codes.begin(), given.codes.end(), atoms[k]) > 0;
    std::vector<double> inside(m, 0.0);
    if (margin.continuous()) inside = range_mass(j, given);
    std::vector<std::uint32_t> numbers;
    double* out = block_.values(j);
    for (std::uint32_t i = 0; i < m; ++i) {
      double sum = 0.0;
      for (std::size_t k = 0; k < classes; ++k) {
        double chance = allowed[k] ? p[i * classes + k] : 0.0;
        if (margin.continuous() && k == margin.number_class())
          chance = p[i * classes + k] * inside[i];
        share[k] = sum += chance;
      }
      weight[i] = sum;
      out[i] = margin.missing_value();
      if (!(sum > 0.0)) continue;
      const std::size_t k = stream.choose(share);
      if (k < atoms.size())
        out[i] = atoms[k];
      else
        numbers.push_back(i);
    }
    truncate(j, given, std::move(numbers), stream);
  }

  std::vector<double> range_mass(std::size_t j, const GivenColumn& given) {
    const ColumnMargin& margin = generator_.margins()[j];
    const std::size_t m = block_.view().rows;
    std::vector<double> mass(m, 0.0);
    const double half = 0.5 * margin.step();
    const double low = std::max(given.low - half, margin.low());
    const double high = std::min(given.high + half, margin.high());
    if (!(high > low)) return mass;
    std::vector<std::uint32_t> rows(m);
    std::iota(rows.begin(), rows.end(), 0u);
    const std::vector<double> ends[2] = {std::vector<double>(m, low), std::vector<double>(m, high)};
    const NumberLaw& law = generator_.law(j).numbers;
    const auto from = law.at(margin, block_.view(), rows, ends[0].data());
    const auto to = law.at(margin, block_.view(), rows, ends[1].data());
    for (std::size_t i = 0; i < m; ++i) mass[i] = std::max(to[i].cdf - from[i].cdf, kLeastDensity);
    return mass;
  }

  // Numbers within the range by rejection; where that takes too long, evenly within it.
  void truncate(std::size_t j, const GivenColumn& given, std::vector<std::uint32_t> rows,
                Stream& stream) {
    const ColumnMargin& margin = generator_.margins()[j];
    double* out = block_.values(j);
    std::vector<double> drawn;
    for (int round = 0; round < kTruncationRounds && !rows.empty(); ++round) {
      drawn.resize(rows.size());
      generator_.law(j).numbers.draw(margin, block_.view(), rows, stream, drawn.data());
      std::size_t left = 0;
      for (std::size_t k = 0; k < rows.size(); ++k) {
        const double value = margin.rounded(drawn[k]);
        if (value >= given.low && value <= given.high)
          out[rows[k]] = value;
        else
          rows[left++] = rows[k];
      }
      rows.resize(left);
    }
    if (rows.empty()) return;
    const double low = std::max(given.low, margin.low());
    const double high = std::min(given.high, margin.high());
    for (const std::uint32_t i : rows) {
      const double value = margin.rounded(low + (high - low) * stream.uniform());
      out[i] = std::min(std::max(value, given.low), given.high);
    }
  }

  // Each row's candidates anew, in proportion to their weights (systematic resampling).
  void resample(std::size_t j, const std::vector<double>& weight, Stream& stream) {
    std::vector<std::uint32_t> from(weight.size());
    for (std::size_t row = 0; row < rows_; ++row) {
      const std::size_t first = row * kCandidates;
      double total = 0.0;
      for (std::size_t k = 0; k < kCandidates; ++k) total += weight[first + k];
      if (!(total > 0.0)) {
        lost_[row] = 1;
        for (std::size_t k = 0; k < kCandidates; ++k)
          from[first + k] = static_cast<std::uint32_t>(first + k);
        continue;
      }
      double at = stream.uniform(), sum = 0.0;
      std::size_t next = 0;
      for (std::size_t k = 0; k < kCandidates; ++k) {
        sum += weight[first + k] / total * kCandidates;
        while (next < kCandidates && at < sum) {
          from[first + next++] = static_cast<std::uint32_t>(first + k);
          at += 1.0;
        }
      }
      for (; next < kCandidates; ++next) from[first + next] = from[first + next - 1];
    }
    std::vector<double> old(weight.size());
    for (std::size_t c = 0; c <= j; ++c) {
      double* value = block_.values(c);
      std::copy(value, value + old.size(), old.begin());
      for (std::size_t i = 0; i < old.size(); ++i) value[i] = old[from[i]];
      block_.refresh(c, generator_.margins()[c]);
    }
  }

  const SequentialGenerator& generator_;
  std::size_t rows_;
  RowBlock block_;
  std::vector<int> lost_;
};

}  // namespace

std::size_t draw_given(const SequentialGenerator& generator, const std::vector<GivenColumn>& given,
                       std::uint64_t key, const std::vector<double*>& out, std::size_t n,
                       const Execution& execution) {
  const std::size_t columns = generator.columns();
  require(given.size() == columns && out.size() == columns, "as many outputs as columns");
  const RowBlocks blocks{n, kBlockRows};
  std::atomic<std::size_t> lost{0};
  parallel_for(blocks.count(), execution, [&](std::size_t b, const CancelFlag& cancel) {
    Stream stream(key, StreamTag::rows, b);
    const std::size_t begin = blocks.begin(b), rows = blocks.end(b) - begin;
    Particles particles(generator, rows);
    for (std::size_t j = 0; j < columns; ++j) {
      cancel.check();
      if (given[j].kind == GivenColumn::Kind::free)
        particles.draw(j, stream);
      else
        particles.fix(j, given[j], begin, stream);
    }
    for (std::size_t i = 0; i < rows; ++i) {
      const std::size_t at = i * kCandidates + stream.below(kCandidates);
      for (std::size_t j = 0; j < columns; ++j) out[j][begin + i] = particles.values(j)[at];
    }
    lost += particles.lost();
  });
  return lost.load();
}

}  // namespace causalsynth
