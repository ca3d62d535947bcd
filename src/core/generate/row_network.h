// The network of the row language model. A row is a sequence of its columns in some order;
// position t sees the cells of the columns before it, and says which classes (tokens) the t-th
// column may take. Its input is the cell before it and the name of the column asked for, so that
// any order, and any set of columns seen, is answered (Pannatier et al. 2024, sigma-GPT).
// Beside the transformer an additive part: a sum over the cells seen, linear in the scores of
// numbers, so that main effects need not be found by attention. Logits of bins are a combination of
// a few smooth curves over them: score, score^2 (with which a normal law given its mean and spread
// is exact), cosines.
#pragma once
#include <cstdint>
#include <vector>

#include "../neural/transformer.h"

namespace causalsynth {

// Classes of a column: atoms, then bins of its numbers, then missing.
struct ColumnClasses {
  std::uint32_t atoms = 0, bins = 0, missing = 0;
  std::size_t count() const { return std::size_t{atoms} + bins + missing; }
  bool is_bin(int k) const {
    return k >= static_cast<int>(atoms) && k < static_cast<int>(atoms + bins);
  }
};

// `kind` -1: a cell that no class stands for (a level never learnt).
struct Cell {
  int kind = -1;
  float score = 0.0f;  // of a number: its normal score
};

// Sequences of equal length, one below the other.
struct RowBatch {
  std::size_t rows = 0, length = 0;
  std::vector<int> columns;   // rows x length: which column stands where
  std::vector<Cell> cells;    // rows x length
  std::vector<float> weights;  // of rows
};

struct NetworkShape {
  TransformerShape transformer;
  std::vector<ColumnClasses> columns;
};

template <class T>
struct NetworkTape {
  TransformerTape<T> transformer;
  Matrix<T> x, sums, final, scaled, d_x, d_final, d_sums, head_in, d_head_in, said, logits;
  std::vector<T> inverse, target;
  std::vector<std::uint32_t> sorted, starts;
};

// What sampling keeps of the sequences so far.
template <class T>
struct NetworkState {
  TransformerCache<T> cache;
  std::vector<T> added;  // the additive part's terms: rows x length x width
  std::size_t rows = 0, length = 0, window = 0;
  NetworkTape<T> tape;
};

template <class T>
class RowNetwork {
 public:
  RowNetwork(const NetworkShape& shape, Stream& stream);

  // Biases of the heads such that, with nothing else learnt, classes have their shares among `rows`
  // of `cells` (rows x columns), weighted unless `weights` is empty.
  void start_at_margins(const std::vector<Cell>& cells, const std::vector<std::size_t>& rows,
                        const std::vector<double>& weights);

  // Sum of the weighted losses - log p(cell) over rows [begin, end) and all positions; `smooth`:
  // bins near the true one share the target, with normal weights of this standard deviation in
  // bins (0: none). With a gradient, adds to it `scale` times the loss's.
  double loss(const RowBatch& batch, std::size_t begin, std::size_t end, double smooth, T scale,
              T* gradient, NetworkTape<T>& tape) const;

  void start(std::size_t rows, std::size_t length, std::size_t window,
             NetworkState<T>& state) const;
  // Position t of all rows: `before` holds the cells at t - 1 (unused at 0) and `columns` those
  // asked for before (at t - 1) and now. Log probabilities of the classes of row i's column are
  // given to use(i, pointer), for rows where `wanted`.
  template <class Use>
  void next(NetworkState<T>& state, std::size_t t, const std::vector<Cell>& before,
            const std::vector<int>& columns_before, const std::vector<int>& columns,
            const std::vector<std::uint8_t>& wanted, Use use) const {
    step(state, t, before, columns_before, columns);
    group(columns, 0, state.rows, state.tape);
    for (std::size_t c = 0; c < heads_.size(); ++c) {
      const auto rows = head_logits(c, state.tape, &wanted);
      for (std::size_t k = 0; k < rows.size(); ++k) {
        normalise(state.tape.logits.row(k), shape_.columns[c].count());
        use(rows[k], state.tape.logits.row(k));
      }
    }
  }
  // Sequence `to` becomes a copy of `from`, of `positions` positions.
  void copy(NetworkState<T>& state, std::size_t from, std::size_t to, std::size_t positions) const;

  const NetworkShape& shape() const { return shape_; }
  Parameters<T>& parameters() { return parameters_; }
  const Parameters<T>& parameters() const { return parameters_; }

 private:
  struct ColumnSlots {
    Slot token, line, sum_token, sum_line;  // line: of a number, its score and score^2 - 1
  };
  void embed(const Cell& cell, int column, T* x, T* added) const;
  void embed_backward(const Cell& cell, int column, const T* d_x, const T* d_added,
                      T* gradient) const;
  void inputs(const RowBatch& batch, std::size_t begin, std::size_t end,
              NetworkTape<T>& tape) const;
  void inputs_backward(const RowBatch& batch, std::size_t begin, std::size_t end,
                       NetworkTape<T>& tape, T* gradient) const;
  void group(const std::vector<int>& columns, std::size_t begin, std::size_t end,
             NetworkTape<T>& tape) const;
  std::vector<std::uint32_t> head_logits(std::size_t column, NetworkTape<T>& tape,
                                         const std::vector<std::uint8_t>* wanted) const;
  std::size_t said(std::size_t column) const;
  void spell_out(std::size_t column, NetworkTape<T>& tape) const;
  void fold_back(std::size_t column, NetworkTape<T>& tape) const;
  double column_loss(const RowBatch& batch, std::size_t begin, std::size_t column, double smooth,
                     T scale, T* gradient, NetworkTape<T>& tape) const;
  void step(NetworkState<T>& state, std::size_t t, const std::vector<Cell>& before,
            const std::vector<int>& columns_before, const std::vector<int>& columns) const;
  static void normalise(T* logits, std::size_t size);

  NetworkShape shape_;
  Parameters<T> parameters_;
  Slot start_, asked_;  // 1 x width; columns x width
  std::vector<ColumnSlots> slots_;
  Transformer transformer_;
  LayerNorm last_;
  std::vector<Dense> heads_;  // 2 width -> atoms, coefficients of the bins, missing
  Matrix<T> curves_;          // coefficients x bins
};

// Weights of the target over a column's classes, for one of them.
template <class T>
void soft_target(const ColumnClasses& classes, int kind, double smooth, std::vector<T>& target);

}  // namespace causalsynth
