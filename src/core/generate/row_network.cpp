#include "row_network.h"

#include <algorithm>

#include "../base/require.h"
#include "../neural/cross_entropy.h"

namespace causalsynth {
namespace {

constexpr std::size_t kCurves = 8;
constexpr double kPi = 3.141592653589793;
constexpr double kTokenSpread = 0.3, kBinSpread = 0.02, kHeadGain = 0.01;

template <class T>
void add_row(const T* from, T* to, std::size_t size, T times = T(1)) {
  for (std::size_t k = 0; k < size; ++k) to[k] += times * from[k];
}

// Curves over bins of equal probability, the wigglier the smaller.
template <class T>
Matrix<T> bin_curves(std::size_t bins) {
  Matrix<T> curves(std::min(kCurves, bins), bins);
  for (std::size_t k = 0; k < bins; ++k) {
    const double u = (static_cast<double>(k) + 0.5) / static_cast<double>(bins);
    const double z = normal_quantile(u);
    for (std::size_t m = 0; m < curves.rows(); ++m)
      curves(m, k) = static_cast<T>(m == 0   ? z
                                    : m == 1 ? (z * z - 1.0) / std::sqrt(2.0)
                                             : std::sqrt(2.0) * std::cos(kPi * (m - 1) * u) /
                                                   static_cast<double>(m - 1));
  }
  return curves;
}

}  // namespace

template <class T>
void soft_target(const ColumnClasses& classes, int kind, double smooth, std::vector<T>& target) {
  target.assign(classes.count(), T(0));
  if (smooth <= 0.0 || !classes.is_bin(kind)) {
    target[static_cast<std::size_t>(kind)] = T(1);
    return;
  }
  const int first = static_cast<int>(classes.atoms), end = first + static_cast<int>(classes.bins);
  const int reach = static_cast<int>(3.0 * smooth) + 1;
  double sum = 0.0;
  for (int k = std::max(first, kind - reach); k < std::min(end, kind + reach + 1); ++k) {
    const double z = (k - kind) / smooth, weight = std::exp(-0.5 * z * z);
    target[static_cast<std::size_t>(k)] = static_cast<T>(weight);
    sum += weight;
  }
  for (T& share : target) share /= static_cast<T>(sum);
}

template <class T>
RowNetwork<T>::RowNetwork(const NetworkShape& shape, Stream& stream) : shape_(shape) {
  const std::size_t width = shape.transformer.width;
  Parameters<T>& p = parameters_;
  start_ = p.add(1, width, false);
  asked_ = p.add(shape.columns.size(), width, false);
  p.randomise(start_, kTokenSpread, stream);
  p.randomise(asked_, kTokenSpread, stream);
  for (const ColumnClasses& classes : shape.columns) {
    ColumnSlots slots;
    // What bins add to the line is small at first, and decays.
    const double spread = classes.bins > 0 ? kBinSpread : kTokenSpread;
    slots.token = p.add(classes.count(), width, true);
    slots.sum_token = p.add(classes.count(), width, true);
    p.randomise(slots.token, spread, stream);
    p.randomise(slots.sum_token, spread, stream);
    if (classes.bins > 0) {
      slots.line = p.add(2, width, false);
      slots.sum_line = p.add(2, width, false);
      p.randomise(slots.line, kTokenSpread, stream);
      p.randomise(slots.sum_line, kTokenSpread, stream);
    }
    slots_.push_back(slots);
  }
  transformer_ = Transformer::create(p, shape.transformer, stream);
  last_ = LayerNorm::create(p, width);
  for (const ColumnClasses& classes : shape.columns)
    if (classes.bins > 0 && curves_.cols() != classes.bins) {
      require(curves_.cols() == 0, "all columns have the same number of bins");
      curves_ = bin_curves<T>(classes.bins);
    }
  for (std::size_t c = 0; c < shape.columns.size(); ++c)
    heads_.push_back(Dense::create(p, 2 * width, said(c), kHeadGain, stream));
}

// Numbers that a head gives for a column.
template <class T>
std::size_t RowNetwork<T>::said(std::size_t column) const {
  const ColumnClasses& classes = shape_.columns[column];
  return classes.atoms + classes.missing + (classes.bins > 0 ? curves_.rows() : 0);
}

// From what the head gives to logits of classes.
template <class T>
void RowNetwork<T>::spell_out(std::size_t column, NetworkTape<T>& tape) const {
  const ColumnClasses& classes = shape_.columns[column];
  const Rows<const T> said = tape.said.view();
  const std::size_t atoms = classes.atoms, curves = classes.bins > 0 ? curves_.rows() : 0;
  tape.logits.resize(said.rows, classes.count());
  for (std::size_t i = 0; i < said.rows; ++i) {
    std::copy_n(said.row(i), atoms, tape.logits.row(i));
    std::copy_n(said.row(i) + atoms + curves, classes.missing,
                tape.logits.row(i) + atoms + classes.bins);
  }
  if (curves > 0)
    multiply<T>(said.columns(atoms, atoms + curves), curves_.view(),
                tape.logits.view().columns(atoms, atoms + classes.bins));
}

// Gradients the same way back.
template <class T>
void RowNetwork<T>::fold_back(std::size_t column, NetworkTape<T>& tape) const {
  const ColumnClasses& classes = shape_.columns[column];
  const Rows<T> said = tape.said.view();
  const std::size_t atoms = classes.atoms, curves = classes.bins > 0 ? curves_.rows() : 0;
  for (std::size_t i = 0; i < said.rows; ++i) {
    std::copy_n(tape.logits.row(i), atoms, said.row(i));
    std::copy_n(tape.logits.row(i) + atoms + classes.bins, classes.missing,
                said.row(i) + atoms + curves);
  }
  if (curves > 0)
    multiply_right_transposed<T>(tape.logits.view().columns(atoms, atoms + classes.bins),
                                 curves_.view(), said.columns(atoms, atoms + curves));
}

template <class T>
void RowNetwork<T>::embed(const Cell& cell, int column, T* x, T* added) const {
  if (cell.kind < 0) return;
  const ColumnSlots& slots = slots_[static_cast<std::size_t>(column)];
  const std::size_t width = shape_.transformer.width;
  const auto kind = static_cast<std::size_t>(cell.kind);
  const T* w = parameters_.data();
  add_row(slots.token.in(w).row(kind), x, width);
  add_row(slots.sum_token.in(w).row(kind), added, width);
  if (!shape_.columns[static_cast<std::size_t>(column)].is_bin(cell.kind)) return;
  const T z = cell.score, square = z * z - T(1);
  add_row(slots.line.in(w).row(0), x, width, z);
  add_row(slots.line.in(w).row(1), x, width, square);
  add_row(slots.sum_line.in(w).row(0), added, width, z);
  add_row(slots.sum_line.in(w).row(1), added, width, square);
}

template <class T>
void RowNetwork<T>::embed_backward(const Cell& cell, int column, const T* d_x, const T* d_added,
                                   T* gradient) const {
  if (cell.kind < 0) return;
  const ColumnSlots& slots = slots_[static_cast<std::size_t>(column)];
  const std::size_t width = shape_.transformer.width;
  const auto kind = static_cast<std::size_t>(cell.kind);
  add_row(d_x, slots.token.in(gradient).row(kind), width);
  add_row(d_added, slots.sum_token.in(gradient).row(kind), width);
  if (!shape_.columns[static_cast<std::size_t>(column)].is_bin(cell.kind)) return;
  const T z = cell.score, square = z * z - T(1);
  add_row(d_x, slots.line.in(gradient).row(0), width, z);
  add_row(d_x, slots.line.in(gradient).row(1), width, square);
  add_row(d_added, slots.sum_line.in(gradient).row(0), width, z);
  add_row(d_added, slots.sum_line.in(gradient).row(1), width, square);
}

template <class T>
void RowNetwork<T>::inputs(const RowBatch& batch, std::size_t begin, std::size_t end,
                           NetworkTape<T>& tape) const {
  const std::size_t width = shape_.transformer.width, length = batch.length;
  const T* w = parameters_.data();
  tape.x.resize((end - begin) * length, width);
  tape.sums.resize((end - begin) * length, width);
  tape.x.fill(T(0));
  tape.sums.fill(T(0));
  for (std::size_t i = 0; i < end - begin; ++i)
    for (std::size_t t = 0; t < length; ++t) {
      const std::size_t at = i * length + t, from = (begin + i) * length + t;
      T* x = tape.x.row(at);
      add_row(asked_.in(w).row(static_cast<std::size_t>(batch.columns[from])), x, width);
      if (t == 0) {
        add_row(w + start_.at, x, width);
        continue;
      }
      std::copy(tape.sums.row(at - 1), tape.sums.row(at - 1) + width, tape.sums.row(at));
      embed(batch.cells[from - 1], batch.columns[from - 1], x, tape.sums.row(at));
    }
}

template <class T>
void RowNetwork<T>::inputs_backward(const RowBatch& batch, std::size_t begin, std::size_t end,
                                    NetworkTape<T>& tape, T* gradient) const {
  const std::size_t width = shape_.transformer.width, length = batch.length;
  for (std::size_t i = 0; i < end - begin; ++i)
    for (std::size_t t = length; t-- > 0;) {
      const std::size_t at = i * length + t, from = (begin + i) * length + t;
      const T* d_x = tape.d_x.row(at);
      add_row(d_x, asked_.in(gradient).row(static_cast<std::size_t>(batch.columns[from])), width);
      if (t == 0) {
        add_row(d_x, gradient + start_.at, width);
        continue;
      }
      embed_backward(batch.cells[from - 1], batch.columns[from - 1], d_x, tape.d_sums.row(at),
                     gradient);
      add_row(tape.d_sums.row(at), tape.d_sums.row(at - 1), width);
    }
}

// Positions by the column asked for: `sorted`, those of column c from starts[c].
template <class T>
void RowNetwork<T>::group(const std::vector<int>& columns, std::size_t begin, std::size_t end,
                          NetworkTape<T>& tape) const {
  tape.starts.assign(heads_.size() + 1, 0);
  for (std::size_t k = begin; k < end; ++k) ++tape.starts[static_cast<std::size_t>(columns[k]) + 1];
  for (std::size_t c = 0; c < heads_.size(); ++c) tape.starts[c + 1] += tape.starts[c];
  std::vector<std::uint32_t> next(tape.starts.begin(), tape.starts.end() - 1);
  tape.sorted.resize(end - begin);
  for (std::size_t k = begin; k < end; ++k)
    tape.sorted[next[static_cast<std::size_t>(columns[k])]++] =
        static_cast<std::uint32_t>(k - begin);
}

// Logits of a column at the positions that ask for it, and which these are.
template <class T>
std::vector<std::uint32_t> RowNetwork<T>::head_logits(
    std::size_t column, NetworkTape<T>& tape, const std::vector<std::uint8_t>* wanted) const {
  std::vector<std::uint32_t> positions;
  for (std::size_t k = tape.starts[column]; k < tape.starts[column + 1]; ++k)
    if (!wanted || (*wanted)[tape.sorted[k]]) positions.push_back(tape.sorted[k]);
  if (positions.empty()) return positions;
  const std::size_t width = shape_.transformer.width;
  tape.head_in.resize(positions.size(), 2 * width);
  tape.said.resize(positions.size(), said(column));
  for (std::size_t k = 0; k < positions.size(); ++k) {
    const T* from = tape.final.row(positions[k]);
    std::copy(from, from + width, tape.head_in.row(k));
    from = tape.sums.row(positions[k]);
    std::copy(from, from + width, tape.head_in.row(k) + width);
  }
  heads_[column].template forward<T>(parameters_.data(), tape.head_in.view(), tape.said.view());
  spell_out(column, tape);
  return positions;
}

template <class T>
double RowNetwork<T>::column_loss(const RowBatch& batch, std::size_t begin, std::size_t column,
                                  double smooth, T scale, T* gradient,
                                  NetworkTape<T>& tape) const {
  const auto positions = head_logits(column, tape, nullptr);
  if (positions.empty()) return 0.0;
  const std::size_t width = shape_.transformer.width;
  const ColumnClasses& classes = shape_.columns[column];
  double sum = 0.0;
  for (std::size_t k = 0; k < positions.size(); ++k) {
    const std::size_t at = begin * batch.length + positions[k];
    T* logits = tape.logits.row(k);
    const int kind = batch.cells[at].kind;
    if (kind < 0) {
      std::fill(logits, logits + classes.count(), T(0));
      continue;
    }
    soft_target(classes, kind, smooth, tape.target);
    const float weight = batch.weights[at / batch.length];
    sum += static_cast<double>(weight) *
           cross_entropy(logits, tape.target.data(), classes.count(), scale * weight);
  }
  if (!gradient) return sum;
  tape.d_head_in.resize(positions.size(), 2 * width);
  fold_back(column, tape);
  heads_[column].template backward<T>(parameters_.data(), tape.head_in.view(), tape.said.view(),
                                      tape.d_head_in.view(), gradient);
  for (std::size_t k = 0; k < positions.size(); ++k) {
    const T* from = tape.d_head_in.row(k);
    std::copy(from, from + width, tape.d_final.row(positions[k]));
    std::copy(from + width, from + 2 * width, tape.d_sums.row(positions[k]));
  }
  return sum;
}

template <class T>
double RowNetwork<T>::loss(const RowBatch& batch, std::size_t begin, std::size_t end,
                           double smooth, T scale, T* gradient, NetworkTape<T>& tape) const {
  const std::size_t tokens = (end - begin) * batch.length, width = shape_.transformer.width;
  const T* w = parameters_.data();
  inputs(batch, begin, end, tape);
  transformer_.forward<T>(w, batch.length, tape.x, tape.transformer);
  tape.final.resize(tokens, width);
  tape.scaled.resize(tokens, width);
  tape.inverse.resize(tokens);
  last_.forward<T>(w, tape.x.view(), tape.final, tape.scaled, tape.inverse.data());
  group(batch.columns, begin * batch.length, end * batch.length, tape);
  tape.d_final.resize(tokens, width);
  tape.d_sums.resize(tokens, width);
  double sum = 0.0;
  for (std::size_t c = 0; c < heads_.size(); ++c)
    sum += column_loss(batch, begin, c, smooth, scale, gradient, tape);
  if (!gradient) return sum;
  tape.d_x.resize(tokens, width);
  tape.d_x.fill(T(0));
  last_.backward<T>(w, tape.scaled.view(), tape.inverse.data(), tape.d_final.view(), tape.d_x,
                    gradient);
  transformer_.backward<T>(w, batch.length, tape.transformer, tape.d_x, gradient);
  inputs_backward(batch, begin, end, tape, gradient);
  return sum;
}

template <class T>
void RowNetwork<T>::start_at_margins(const std::vector<Cell>& cells,
                                     const std::vector<std::size_t>& rows,
                                     const std::vector<double>& weights) {
  const std::size_t columns = heads_.size();
  for (std::size_t c = 0; c < columns; ++c) {
    const ColumnClasses& classes = shape_.columns[c];
    // Half a row for each class, so that none has the share 0.
    std::vector<double> weight(classes.count(), 0.5);
    for (const std::size_t i : rows) {
      const int kind = cells[i * columns + c].kind;
      if (kind >= 0)
        weight[static_cast<std::size_t>(kind)] += weights.empty() ? 1.0 : weights[i];
    }
    // Bins have equal shares: their logits are 0, those of other classes are relative to them.
    double bins = 0.0;
    for (std::size_t k = 0; k < classes.bins; ++k) bins += weight[classes.atoms + k];
    const double unit = classes.bins > 0 ? bins / classes.bins : 1.0;
    T* bias = parameters_.data() + heads_[c].bias.at;
    for (std::size_t k = 0; k < classes.atoms; ++k)
      bias[k] = static_cast<T>(std::log(weight[k] / unit));
    if (classes.missing) bias[said(c) - 1] = static_cast<T>(std::log(weight.back() / unit));
  }
}

template <class T>
void RowNetwork<T>::start(std::size_t rows, std::size_t length, std::size_t window,
                          NetworkState<T>& state) const {
  state.rows = rows;
  state.length = length;
  state.window = window;
  state.added.resize(rows * length * shape_.transformer.width);
  transformer_.start(rows, length, state.cache);
}

template <class T>
void RowNetwork<T>::step(NetworkState<T>& state, std::size_t t, const std::vector<Cell>& before,
                         const std::vector<int>& columns_before,
                         const std::vector<int>& columns) const {
  const std::size_t width = shape_.transformer.width;
  const T* w = parameters_.data();
  NetworkTape<T>& tape = state.tape;
  for (Matrix<T>* one : {&tape.x, &tape.sums, &tape.final, &tape.scaled})
    one->resize(state.rows, width);
  tape.inverse.resize(state.rows);
  tape.x.fill(T(0));
  tape.sums.fill(T(0));
  for (std::size_t i = 0; i < state.rows; ++i) {
    T* x = tape.x.row(i);
    T* terms = state.added.data() + i * state.length * width;
    add_row(asked_.in(w).row(static_cast<std::size_t>(columns[i])), x, width);
    std::fill(terms + t * width, terms + (t + 1) * width, T(0));
    if (t == 0)
      add_row(w + start_.at, x, width);
    else
      embed(before[i], columns_before[i], x, terms + t * width);
    const std::size_t from = t + 1 > state.window ? t + 1 - state.window : 0;
    for (std::size_t s = from; s <= t; ++s) add_row(terms + s * width, tape.sums.row(i), width);
  }
  transformer_.next<T>(w, t, state.window, tape.x, state.cache, tape.transformer);
  last_.forward<T>(w, tape.x.view(), tape.final, tape.scaled, tape.inverse.data());
}

template <class T>
void RowNetwork<T>::copy(NetworkState<T>& state, std::size_t from, std::size_t to,
                         std::size_t positions) const {
  const std::size_t size = state.length * shape_.transformer.width;
  if (from == to) return;
  std::copy_n(state.added.data() + from * size, positions * shape_.transformer.width,
              state.added.data() + to * size);
  for (auto& one : state.cache) one.copy(from, to, positions);
}

template <class T>
void RowNetwork<T>::normalise(T* logits, std::size_t size) {
  log_softmax(logits, size);
}

template class RowNetwork<float>;
template class RowNetwork<double>;
template void soft_target(const ColumnClasses&, int, double, std::vector<float>&);
template void soft_target(const ColumnClasses&, int, double, std::vector<double>&);

}  // namespace causalsynth
