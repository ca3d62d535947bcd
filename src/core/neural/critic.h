// The critic of a Wasserstein GAN: dense layers with leaky ReLU (slope .2) and dropout, one score a
// row; and the gradient penalty of Gulrajani et al. (2017), differentiated by hand.
#pragma once
#include <vector>

#include "layers.h"

namespace causalsynth {

struct CriticShape {
  std::size_t inputs = 1;
  std::vector<std::size_t> hidden;
  double dropout = 0.5;
};

// What a pass over a block of rows keeps. With a_0 = x: u_l = a_{l-1} W_l + b_l, a_l = slope_l u_l
// (elementwise), where slope_l is the leaky ReLU's derivative times the dropout mask; the score is
// a_L w + b.
template <class T>
struct CriticWork {
  std::vector<Matrix<T>> active, slope, back, second;
  std::vector<T> score;
};

template <class T>
class Critic {
 public:
  Critic() = default;
  Critic(const CriticShape& shape, Parameters<T>& to, Stream& stream);

  // To be called once the weights have changed: keeps transposed copies for the backward passes.
  void refresh(const T* weights);
  // `dropout`: the masks' stream, or none (no dropout).
  void forward(const T* weights, Rows<const T> x, CriticWork<T>& work, Stream* dropout) const;
  // After forward(): adds to `gradient` (may be null) that of sum_i d_score[i] score_i; d_x without
  // data is not wanted.
  void backward(const T* weights, Rows<const T> x, CriticWork<T>& work, const T* d_score,
                Rows<T> d_x, T* gradient) const;
  // After forward(): the sum over rows of (|d score / d x| - 1)^2; adds `scale` times its gradient.
  double penalty(const T* weights, CriticWork<T>& work, T scale, T* gradient) const;
  std::size_t inputs() const { return inputs_; }

 private:
  // back_l = d score / d u_l of each row, from the top; back_0 = d score / d x.
  void input_gradient(const T* weights, CriticWork<T>& work, const T* d_score) const;
  std::size_t inputs_ = 0;
  double dropout_ = 0.0;
  std::vector<Dense> layers_;  // the last gives the score
  std::vector<std::vector<T>> turned_;
};

}  // namespace causalsynth
