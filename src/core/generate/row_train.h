// Training of the row language model: AdamW over rows in random orders of their columns, a moving
// average of the weights, judged by rows held out; then once more on all rows.
#pragma once
#include <memory>
#include <vector>

#include "../neural/safe_point.h"
#include "row_lm.h"

namespace causalsynth {

struct RowLmOptions {
  GeneratorOptions margins;
  TransformerShape shape;
  std::size_t bins = 32;        // of each column's numbers
  std::size_t context = 64;     // columns a sequence has at most while training
  std::size_t epochs = 100, batch = 64;
  std::size_t patience = 20;    // judgements without gain before training ends
  double rate = 3e-3, weight_decay = 0.05;
  double warmup = 0.05;         // of all steps
  double smooth = 1.0;          // of the target over bins: standard deviation in bins
  double random_order = 0.5;    // rows trained in a random order; the others in the data's
  double holdout = 0.1;         // rows held out; 0: none
  void validate() const;
};

struct Judgement {
  double epoch = 0, train = 0, held = 0;  // losses in nats a row
  // Mean distance to the nearest training row, over that of the held rows; NaN: not asked.
  double distance = 0;
};

enum class TrainEnd { finished, no_gain, too_close, stopped, diverged };

struct TrainReport {
  std::vector<Judgement> trace;
  double best_epoch = 0;
  std::size_t rollbacks = 0, held_rows = 0;
  bool on_all = false;  // trained anew with the held rows, for best_epoch epochs
  TrainEnd end = TrainEnd::finished;
};

std::unique_ptr<RowLm> train_row_lm(const Frame& data, const RowLmOptions& options,
                                    const Execution& execution, TrainWatch& watch,
                                    TrainReport& report);

// Sum of squared differences of the scores of numbers and of ones where classes differ: of each of
// `rows` sequences of cells to the nearest of `base` (both rows x columns), square root.
std::vector<double> nearest_cells(const std::vector<Cell>& rows, const std::vector<Cell>& base,
                                  const std::vector<ColumnClasses>& columns,
                                  const Execution& execution);

}  // namespace causalsynth
