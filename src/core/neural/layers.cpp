#include "layers.h"

#include <cmath>

#include "fast_exp.h"

namespace causalsynth {
namespace {

constexpr double kLeak = 0.2, kNormFloor = 1e-5;
constexpr double kGelu = 0.7978845608028654, kGeluCubic = 0.044715;  // sqrt(2 / pi)

template <class T>
T value_of(Activation kind, T x) {
  switch (kind) {
    case Activation::relu: return x > 0 ? x : T(0);
    case Activation::leaky_relu: return x > 0 ? x : T(kLeak) * x;
    case Activation::gelu:
      return T(0.5) * x * (T(1) + fast_tanh(T(kGelu) * (x + T(kGeluCubic) * x * x * x)));
    case Activation::tanh: return fast_tanh(x);
  }
  return x;
}

template <class T>
T slope_of(Activation kind, T x) {
  switch (kind) {
    case Activation::relu: return x > 0 ? T(1) : T(0);
    case Activation::leaky_relu: return x > 0 ? T(1) : T(kLeak);
    case Activation::gelu: {
      const T t = fast_tanh(T(kGelu) * (x + T(kGeluCubic) * x * x * x));
      return T(0.5) * (T(1) + t) +
             T(0.5) * x * (T(1) - t * t) * T(kGelu) * (T(1) + T(3 * kGeluCubic) * x * x);
    }
    case Activation::tanh: {
      const T t = fast_tanh(x);
      return T(1) - t * t;
    }
  }
  return T(1);
}

}  // namespace

template <class T>
void Dense::forward(const T* weights, Rows<const T> x, Rows<T> y) const {
  const T* b = weights + bias.at;
  for (std::size_t i = 0; i < y.rows; ++i) std::copy(b, b + y.cols, y.row(i));
  multiply<T>(x, weight.in(weights), y, Into::add);
}

template <class T>
void Dense::backward(const T* weights, Rows<const T> x, Rows<const T> d_y, Rows<T> d_x,
                     T* gradient) const {
  multiply_left_transposed<T>(x, d_y, weight.in(gradient), Into::add);
  T* b = gradient + bias.at;
  for (std::size_t i = 0; i < d_y.rows; ++i) {
    const T* from = d_y.row(i);
    for (std::size_t j = 0; j < d_y.cols; ++j) b[j] += from[j];
  }
  if (d_x.data) multiply_right_transposed<T>(d_y, weight.in(weights), d_x);
}

template <class T>
void activate(Activation kind, Rows<const T> x, Rows<T> y) {
  for (std::size_t i = 0; i < x.rows; ++i)
    for (std::size_t j = 0; j < x.cols; ++j) y(i, j) = value_of(kind, x(i, j));
}

template <class T>
void activate_backward(Activation kind, Rows<const T> x, Rows<const T> d_y, Rows<T> d_x) {
  for (std::size_t i = 0; i < x.rows; ++i)
    for (std::size_t j = 0; j < x.cols; ++j) d_x(i, j) = d_y(i, j) * slope_of(kind, x(i, j));
}

template <class T>
void LayerNorm::forward(const T* weights, Rows<const T> x, Rows<T> y, Rows<T> scaled,
                        T* inverse_sd) const {
  const T* g = weights + gain.at;
  const T* b = weights + bias.at;
  const T size = static_cast<T>(x.cols);
  for (std::size_t i = 0; i < x.rows; ++i) {
    const T* from = x.row(i);
    T mean = 0, square = 0;
    for (std::size_t j = 0; j < x.cols; ++j) mean += from[j];
    mean /= size;
    for (std::size_t j = 0; j < x.cols; ++j) square += (from[j] - mean) * (from[j] - mean);
    const T inverse = T(1) / std::sqrt(square / size + T(kNormFloor));
    inverse_sd[i] = inverse;
    for (std::size_t j = 0; j < x.cols; ++j) {
      scaled(i, j) = (from[j] - mean) * inverse;
      y(i, j) = g[j] * scaled(i, j) + b[j];
    }
  }
}

template <class T>
void LayerNorm::backward(const T* weights, Rows<const T> scaled, const T* inverse_sd,
                         Rows<const T> d_y, Rows<T> d_x, T* gradient) const {
  const T* g = weights + gain.at;
  T* d_gain = gradient + gain.at;
  T* d_bias = gradient + bias.at;
  const T size = static_cast<T>(d_y.cols);
  for (std::size_t i = 0; i < d_y.rows; ++i) {
    const T* d = d_y.row(i);
    const T* s = scaled.row(i);
    T sum = 0, product = 0;
    for (std::size_t j = 0; j < d_y.cols; ++j) {
      d_gain[j] += d[j] * s[j];
      d_bias[j] += d[j];
      sum += d[j] * g[j];
      product += d[j] * g[j] * s[j];
    }
    for (std::size_t j = 0; j < d_y.cols; ++j)
      d_x(i, j) += inverse_sd[i] * (d[j] * g[j] - (sum + s[j] * product) / size);
  }
}

#define CAUSALSYNTH_LAYERS(T)                                                                 \
  template void Dense::forward(const T*, Rows<const T>, Rows<T>) const;                       \
  template void Dense::backward(const T*, Rows<const T>, Rows<const T>, Rows<T>, T*) const;   \
  template void activate(Activation, Rows<const T>, Rows<T>);                                 \
  template void activate_backward(Activation, Rows<const T>, Rows<const T>, Rows<T>);         \
  template void LayerNorm::forward(const T*, Rows<const T>, Rows<T>, Rows<T>, T*) const;      \
  template void LayerNorm::backward(const T*, Rows<const T>, const T*, Rows<const T>, Rows<T>, \
                                    T*) const;
CAUSALSYNTH_LAYERS(float)
CAUSALSYNTH_LAYERS(double)

}  // namespace causalsynth
