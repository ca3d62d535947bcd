// What one column looks like by itself: its classes - levels, spikes, missing, and "a number" - and
// how its numbers are coded for the forests and scaled for the linear parts of other columns.
// Classes have at least `min_count` rows each; edges of codes are jittered within their gaps.
#pragma once
#include <cstdint>
#include <vector>

#include "../data/frame.h"
#include "score_law.h"

namespace causalsynth {

struct GeneratorOptions {
  int trees = 50;
  int min_node_size = 0;     // 0: chosen by out-of-bag loss
  int most_atoms = 20;       // a number with at most so many values is drawn as classes
  double atom_share = 0.03;  // a value that so many rows share, and stands out, is a class
  int min_count = 5;         // rows that a level, spike or leaf must have
  std::vector<int> decimals;       // of each column, -1: not rounded
  std::vector<int> ordered;        // 1: the column's levels are ordered
  std::vector<double> weights;     // of rows; empty: ones
  std::uint64_t key = 0;
  void validate(std::size_t rows, std::size_t columns) const;
};

// The number or code of a cell as the generator handles it: NaN or 0 where missing.
inline double cell_value(const Column& column, std::size_t row) {
  if (!column.is_factor()) return column.numbers[row];
  return column.missing(row) ? 0.0 : static_cast<double>(column.codes[row]);
}

class ColumnMargin {
 public:
  static constexpr int kUnseen = -1;  // class of a protected level: no row of it is learnt from

  static ColumnMargin learn(const Column& column, const GeneratorOptions& options, std::size_t j,
                            Stream& stream);

  bool factor() const { return factor_; }
  bool ordered() const { return ordered_ || !factor_; }
  int levels() const { return levels_; }
  int decimals() const { return decimals_; }
  const std::vector<double>& atoms() const { return atoms_; }
  bool continuous() const { return continuous_; }
  bool has_missing() const { return missing_; }
  std::size_t protected_values() const { return protected_; }
  // Classes: the atoms in order, then numbers beyond them, then missing.
  std::size_t classes() const { return atoms_.size() + continuous_ + missing_; }
  std::size_t number_class() const { return atoms_.size(); }
  int class_of(double value) const;
  bool is_atom(double value) const;
  bool is_missing(double value) const { return factor_ ? value == 0.0 : value != value; }
  double missing_value() const { return factor_ ? 0.0 : std::nan(""); }
  // Small whole numbers for the forests: 0 missing; a factor's code; a number's bin from 1.
  std::uint16_t code(double value) const;
  std::size_t codes() const { return factor_ ? levels_ + 1u : edges_.size() + 2; }

  // The scale of linear parts: as it is, or scores of the smooth marginal law.
  const ScoreLaw& law() const { return law_; }
  bool scored() const { return scored_; }
  void set_scored(bool scored) { scored_ = scored; }
  double scale(double value) const { return scored_ ? law_.score(value) : value; }
  double low() const { return law_.low(); }
  double high() const { return law_.high(); }
  // As the seed's numbers are rounded.
  double rounded(double value) const;
  double step() const;  // of rounding; 0: none

  void pack(ArchiveWriter& out) const;
  static ColumnMargin unpack(ArchiveReader& in);

  // The seed's numbers beyond the atoms, rounding undone by a uniform draw within a step, and the
  // log density of each without itself under the marginal law; only while learning.
  struct Spread {
    std::vector<std::size_t> rows;
    std::vector<double> values, left_out;
  };
  const Spread& spread() const { return spread_; }
  void forget() { spread_ = Spread{}; }

 private:
  void find_atoms(const Column& column, const GeneratorOptions& options);
  void learn_numbers(const Column& column, const GeneratorOptions& options, Stream& stream);
  void learn_edges(std::vector<double> sorted, Stream& stream);

  bool factor_ = false, ordered_ = false, continuous_ = false, missing_ = false, scored_ = false;
  bool nearest_ = false;  // numbers of few values: a rare one counts as the nearest kept
  int levels_ = 0, decimals_ = -1;
  std::size_t protected_ = 0;
  std::vector<double> atoms_;  // ascending
  std::vector<double> edges_;
  ScoreLaw law_;
  Spread spread_;
};

}  // namespace causalsynth
