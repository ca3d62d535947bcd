// Layers without state of their own: weights come as a flat vector (parameters.h), what backward
// passes need is what forward passes wrote. Gradients of weights are added to `gradient`, a flat
// vector of the same layout; gradients of inputs replace what is there.
#pragma once
#include "parameters.h"
#include "product.h"

namespace causalsynth {

// y = x W + b.
struct Dense {
  Slot weight, bias;  // in x out, 1 x out

  // Weights normal of variance `gain` / in, biases 0.
  template <class T>
  static Dense create(Parameters<T>& to, std::size_t in, std::size_t out, double gain,
                      Stream& stream) {
    Dense layer;
    layer.weight = to.add(in, out, true);
    layer.bias = to.add(1, out, false);
    to.randomise(layer.weight, std::sqrt(gain / static_cast<double>(in)), stream);
    return layer;
  }
  template <class T>
  void forward(const T* weights, Rows<const T> x, Rows<T> y) const;
  // `d_x` may be empty (no data): not wanted.
  template <class T>
  void backward(const T* weights, Rows<const T> x, Rows<const T> d_y, Rows<T> d_x,
                T* gradient) const;
};

enum class Activation { relu, leaky_relu, gelu, tanh };  // leaky: slope .2; gelu: tanh's form

// Elementwise; y may be x (in place) only where backward is not wanted.
template <class T>
void activate(Activation kind, Rows<const T> x, Rows<T> y);
// d_x = d_y f'(x); d_x may be d_y.
template <class T>
void activate_backward(Activation kind, Rows<const T> x, Rows<const T> d_y, Rows<T> d_x);

// y = gain (x - mean) / sqrt(variance + 1e-5) + bias, by row.
struct LayerNorm {
  Slot gain, bias;

  template <class T>
  static LayerNorm create(Parameters<T>& to, std::size_t size) {
    LayerNorm layer;
    layer.gain = to.add(1, size, false);
    layer.bias = to.add(1, size, false);
    to.fill(layer.gain, T(1));
    return layer;
  }
  // `scaled` gets (x - mean) / sd and `inverse_sd` one number a row, for the backward pass.
  template <class T>
  void forward(const T* weights, Rows<const T> x, Rows<T> y, Rows<T> scaled,
               T* inverse_sd) const;
  // Adds to d_x.
  template <class T>
  void backward(const T* weights, Rows<const T> scaled, const T* inverse_sd, Rows<const T> d_y,
                Rows<T> d_x, T* gradient) const;
};

}  // namespace causalsynth
