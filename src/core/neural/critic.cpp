#include "critic.h"

#include <cmath>

#include "../base/require.h"
#include "elementwise.h"

namespace causalsynth {
namespace {

constexpr double kSlope = 0.2;
constexpr double kTorchGain = 1.0 / 3.0;  // variance of weights times inputs, PyTorch's default

// Sixteen bits a unit decide whether it is kept.
template <class T>
void draw_slopes(Rows<T> u, Rows<T> slope, double dropout, Stream* stream) {
  const auto keep = static_cast<std::uint32_t>(std::lround((1.0 - dropout) * 65536.0));
  const bool drops = stream != nullptr && keep < 65536;
  const T one = drops ? static_cast<T>(65536.0 / keep) : T(1), low = static_cast<T>(kSlope) * one;
  std::vector<T> kept(u.cols + 1, T(1));
  for (std::size_t i = 0; i < u.rows; ++i) {
    for (std::size_t j = 0; j < u.cols && drops; j += 2) {
      const std::uint32_t bits = stream->bits32();
      kept[j] = static_cast<T>((bits & 0xFFFFu) < keep);
      kept[j + 1] = static_cast<T>((bits >> 16) < keep);
    }
    leaky_each<T>(u.row(i), slope.row(i), kept.data(), one, low, u.cols);
  }
}

template <class T>
void times(Rows<T> x, Rows<const T> by) {
  for (std::size_t i = 0; i < x.rows; ++i) times_each(x.row(i), by.row(i), x.cols);
}

template <class T>
void add_column_sums(Rows<const T> x, T* to) {
  for (std::size_t i = 0; i < x.rows; ++i) add_each(to, x.row(i), x.cols);
}

}  // namespace

template <class T>
Critic<T>::Critic(const CriticShape& shape, Parameters<T>& to, Stream& stream)
    : inputs_(shape.inputs), dropout_(shape.dropout) {
  require(shape.inputs > 0 && !shape.hidden.empty(), "a critic needs inputs and a hidden layer");
  require(shape.dropout >= 0.0 && shape.dropout < 1.0, "dropout must be in [0, 1)");
  std::size_t in = shape.inputs;
  for (const std::size_t size : shape.hidden) {
    layers_.push_back(Dense::create(to, in, size, kTorchGain, stream));
    in = size;
  }
  layers_.push_back(Dense::create(to, in, 1, kTorchGain, stream));
  turned_.resize(shape.hidden.size());
}

template <class T>
void Critic<T>::refresh(const T* weights) {
  for (std::size_t l = 0; l < turned_.size(); ++l) {
    const Slot& slot = layers_[l].weight;
    turned_[l].resize(slot.size());
    transpose<T>(slot.in(weights), turned_[l].data());
  }
}

template <class T>
void Critic<T>::forward(const T* weights, Rows<const T> x, CriticWork<T>& work,
                        Stream* dropout) const {
  const std::size_t depth = turned_.size();
  work.active.resize(depth);
  work.slope.resize(depth);
  work.back.resize(depth + 1);
  work.second.resize(depth);
  Rows<const T> in = x;
  for (std::size_t l = 0; l < depth; ++l) {
    work.active[l].resize(x.rows, layers_[l].weight.cols);
    work.slope[l].resize(x.rows, layers_[l].weight.cols);
    layers_[l].forward(weights, in, work.active[l].view());
    draw_slopes(work.active[l].view(), work.slope[l].view(), dropout_, dropout);
    in = work.active[l].view();
  }
  const T* top = weights + layers_[depth].weight.at;
  work.score.resize(x.rows);
  for (std::size_t i = 0; i < x.rows; ++i)
    work.score[i] = weights[layers_[depth].bias.at] + dot_product<T>(in.row(i), top, in.cols);
}

template <class T>
void Critic<T>::input_gradient(const T* weights, CriticWork<T>& work, const T* d_score) const {
  const std::size_t depth = turned_.size(), rows = work.score.size();
  const T* top = weights + layers_[depth].weight.at;
  work.back[depth].resize(rows, layers_[depth].weight.rows);
  for (std::size_t i = 0; i < rows; ++i) {
    const T d = d_score ? d_score[i] : T(1);
    T* to = work.back[depth].row(i);
    const T* slope = work.slope[depth - 1].row(i);
    for (std::size_t j = 0; j < work.back[depth].cols(); ++j) to[j] = d * top[j] * slope[j];
  }
  for (std::size_t l = depth - 1; l > 0; --l) {
    const Slot& slot = layers_[l].weight;
    work.back[l].resize(rows, slot.rows);
    multiply<T>(work.back[l + 1].view(), Rows<const T>(turned_[l].data(), slot.cols, slot.rows),
                work.back[l].view());
    times<T>(work.back[l].view(), work.slope[l - 1].view());
  }
}

template <class T>
void Critic<T>::backward(const T* weights, Rows<const T> x, CriticWork<T>& work, const T* d_score,
                         Rows<T> d_x, T* gradient) const {
  const std::size_t depth = turned_.size();
  input_gradient(weights, work, d_score);
  if (gradient) {
    T* top = gradient + layers_[depth].weight.at;
    for (std::size_t i = 0; i < x.rows; ++i) {
      const T* a = work.active[depth - 1].row(i);
      for (std::size_t j = 0; j < work.active[depth - 1].cols(); ++j) top[j] += d_score[i] * a[j];
      gradient[layers_[depth].bias.at] += d_score[i];
    }
    for (std::size_t l = 0; l < depth; ++l) {
      const Rows<const T> in = l == 0 ? x : Rows<const T>(work.active[l - 1].view());
      multiply_left_transposed<T>(in, work.back[l + 1].view(), layers_[l].weight.in(gradient),
                                  Into::add);
      add_column_sums<T>(work.back[l + 1].view(), gradient + layers_[l].bias.at);
    }
  }
  if (d_x.data) {
    const Slot& slot = layers_[0].weight;
    multiply<T>(work.back[1].view(), Rows<const T>(turned_[0].data(), slot.cols, slot.rows), d_x);
  }
}

// The input gradient is g_0 = back_1 W_1', back_l = slope_l (back_{l+1} W_{l+1}'): linear in each
// W, with slopes that are constant almost everywhere. With v_0 = dP / d g_0 and
// v_l = slope_l (v_{l-1} W_l), the gradient of P is v_{l-1}' back_l for W_l, the sum of v_L for w.
template <class T>
double Critic<T>::penalty(const T* weights, CriticWork<T>& work, T scale, T* gradient) const {
  const std::size_t depth = turned_.size(), rows = work.score.size();
  input_gradient(weights, work, nullptr);
  const Slot& first = layers_[0].weight;
  Matrix<T>& v0 = work.back[0];
  v0.resize(rows, first.rows);
  multiply<T>(work.back[1].view(), Rows<const T>(turned_[0].data(), first.cols, first.rows),
              v0.view());
  double sum = 0.0;
  for (std::size_t i = 0; i < rows; ++i) {
    T* g = v0.row(i);
    double square = 0.0;
    for (std::size_t j = 0; j < v0.cols(); ++j) square += static_cast<double>(g[j]) * g[j];
    const double norm = std::sqrt(square);
    sum += (norm - 1.0) * (norm - 1.0);
    const T by = scale * static_cast<T>(2.0 * (norm - 1.0) / std::max(norm, 1e-12));
    for (std::size_t j = 0; j < v0.cols(); ++j) g[j] *= by;
  }
  Rows<const T> in = v0.view();
  for (std::size_t l = 0; l < depth; ++l) {
    const Slot& slot = layers_[l].weight;
    multiply_left_transposed<T>(in, work.back[l + 1].view(), slot.in(gradient), Into::add);
    work.second[l].resize(rows, slot.cols);
    multiply<T>(in, slot.in(weights), work.second[l].view());
    times<T>(work.second[l].view(), work.slope[l].view());
    in = work.second[l].view();
  }
  add_column_sums<T>(in, gradient + layers_[depth].weight.at);
  return sum;
}

template class Critic<float>;
template class Critic<double>;

}  // namespace causalsynth
