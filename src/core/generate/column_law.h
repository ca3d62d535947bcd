// The conditional law of one column given the columns before it. Atoms - levels, missing, and
// numbers that many rows share - are drawn from a probability forest; the rest of a numeric column
// from its linear part plus a residual drawn from the leaf of a random tree, between the leaf's
// order statistics, so that no training value comes back.
#pragma once
#include <cstdint>
#include <vector>

#include "../data/frame.h"
#include "../forest/forest.h"
#include "../random/stream.h"
#include "linear_part.h"

namespace causalsynth {

struct GeneratorOptions {
  int trees = 50;
  int min_node_size = 0;  // 0: chosen by out-of-bag loss
  int most_atoms = 12;    // a number with at most so many values is drawn as categories
  // Rows times classes: beyond, a column's categories are drawn without regard to the others, since
  // probabilities of every class in every leaf would not fit in memory.
  double most_cells = 1e7;
  double atom_share = 0.05;  // a value that so many rows share is an atom
  std::uint64_t key = 0;
  void validate() const {
    require(trees >= 1, "trees must be at least 1");
    require(min_node_size >= 0, "min_node_size must not be negative");
    require(most_atoms >= 2, "most_atoms must be at least 2");
    require(atom_share > 0.0 && atom_share <= 1.0, "atom_share must be in (0, 1]");
  }
};

class ColumnLaw {
 public:
  static ColumnLaw fit(const Frame& data, std::size_t column, const GeneratorOptions& options,
                       const Execution& execution);

  // A draw given the row's earlier columns (numbers with NaN missing, codes with 0 missing).
  double draw(const double* row, Stream& stream) const;
  std::size_t predictors() const { return column_; }
  void pack(ArchiveWriter& out) const;
  static ColumnLaw unpack(ArchiveReader& in);
  // Throws unless the laws of the columns before draw no code that this one does not know.
  void check_codes(const std::vector<ColumnLaw>& before) const;

 private:
  void find_atoms(const Column& column, const GeneratorOptions& options);
  void fit_atoms(const Frame& data, const GeneratorOptions& options, const Execution& execution);
  void fit_residuals(const Frame& data, const GeneratorOptions& options,
                     const Execution& execution);
  std::size_t class_of(double value) const;
  void check() const;
  double draw_number(const double* row, Stream& stream) const;

  std::size_t column_ = 0;
  bool factor_ = false;
  std::vector<double> atoms_;   // values or codes; a missing one as NaN or code 0
  bool continuous_ = false;     // has values beyond the atoms: the last class
  std::vector<double> shares_;  // cumulative, without predictors or with a single class
  Forest atom_forest_;

  LinearPart linear_;
  Forest residual_forest_;
  // Residuals sorted within each leaf: those of node l of tree t are at leaf_at_[t][l] .. [l + 1]
  // of the tree's share of `residuals_`.
  std::vector<double> residuals_;
  std::vector<std::vector<std::uint32_t>> leaf_at_;
  double low_ = 0.0, high_ = 0.0;  // range of the column
};

}  // namespace causalsynth
