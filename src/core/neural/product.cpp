#include "product.h"

#include <cstring>

#include "../base/require.h"
#include "dispatch.h"

namespace causalsynth {
namespace {

constexpr std::size_t kTileCols = 16;

// A(i, k) = a[i * row_step + k * inner_step]: serves A and its transpose.
template <class T>
struct Left {
  const T* data;
  std::size_t row_step, inner_step;
};

// All rows of A against some columns of B.
struct Panel {
  Left<float> a;
  std::size_t rows;
  const float* b;
  std::size_t b_step, inner;
  float* out;
  std::size_t out_step;
  bool add;
};

namespace narrow {
#define TILE_VECTORS Narrow
#define TILE_TARGET
#include "product_tile.h"
#undef TILE_VECTORS
#undef TILE_TARGET
}  // namespace narrow
#ifdef CAUSALSYNTH_HAS_X86_PATHS
namespace wide {
#define TILE_VECTORS Wide
#define TILE_TARGET CAUSALSYNTH_AVX2
#include "product_tile.h"
#undef TILE_VECTORS
#undef TILE_TARGET
}  // namespace wide
namespace widest {
#define TILE_VECTORS Widest
#define TILE_TARGET CAUSALSYNTH_AVX512
#include "product_tile.h"
#undef TILE_VECTORS
#undef TILE_TARGET
}  // namespace widest
#endif

// All rows against 16 columns of B.
void float_panel(const Panel& p) {
#ifdef CAUSALSYNTH_HAS_X86_PATHS
  if (has_avx512()) return widest::panel<14, 1>(p);
  if (has_avx2()) return wide::panel<6, 2>(p);
#endif
  for (std::size_t shift = 0; shift < kTileCols; shift += 8)
    narrow::panel<4, 2>(
        {p.a, p.rows, p.b + shift, p.b_step, p.inner, p.out + shift, p.out_step, p.add});
}

// The last columns, fewer than 16: on copies filled up with zeros.
void float_rest(Left<float> a, std::size_t rows, Rows<const float> b, std::size_t from,
                Rows<float> c, bool add) {
  thread_local std::vector<float> panel, sums;
  const std::size_t count = c.cols - from;
  panel.assign(b.rows * kTileCols, 0.0f);
  sums.resize(rows * kTileCols);
  for (std::size_t k = 0; k < b.rows; ++k)
    std::memcpy(&panel[k * kTileCols], b.row(k) + from, count * sizeof(float));
  float_panel({a, rows, panel.data(), kTileCols, b.rows, sums.data(), kTileCols, false});
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t j = 0; j < count; ++j)
      c(i, from + j) = add ? c(i, from + j) + sums[i * kTileCols + j] : sums[i * kTileCols + j];
}

void product(Left<float> a, std::size_t rows, Rows<const float> b, Rows<float> c, bool add) {
  std::size_t j = 0;
#ifdef CAUSALSYNTH_HAS_X86_PATHS
  if (has_avx512())
    for (; j + 2 * kTileCols <= c.cols; j += 2 * kTileCols)
      widest::panel<14, 2>({a, rows, b.data + j, b.stride, b.rows, c.data + j, c.stride, add});
#endif
  for (; j + kTileCols <= c.cols; j += kTileCols)
    float_panel({a, rows, b.data + j, b.stride, b.rows, c.data + j, c.stride, add});
  if (j < c.cols) float_rest(a, rows, b, j, c, add);
}

// For checks only.
void product(Left<double> a, std::size_t rows, Rows<const double> b, Rows<double> c, bool add) {
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t j = 0; j < c.cols; ++j) {
      double sum = 0.0;
      for (std::size_t k = 0; k < b.rows; ++k)
        sum += a.data[i * a.row_step + k * a.inner_step] * b(k, j);
      c(i, j) = add ? c(i, j) + sum : sum;
    }
}

}  // namespace

template <class T>
void transpose(Rows<const T> a, T* to) {
  constexpr std::size_t kSide = 16;  // squares that stay in the cache
  for (std::size_t i = 0; i < a.rows; i += kSide)
    for (std::size_t j = 0; j < a.cols; j += kSide) {
      const std::size_t end = std::min(i + kSide, a.rows), right = std::min(j + kSide, a.cols);
      for (std::size_t l = j; l < right; ++l)
        for (std::size_t k = i; k < end; ++k) to[l * a.rows + k] = a(k, l);
    }
}

template <class T>
void multiply(Rows<const T> a, Rows<const T> b, Rows<T> c, Into into) {
  require(a.cols == b.rows && c.rows == a.rows && c.cols == b.cols, "shapes of a product");
  product(Left<T>{a.data, a.stride, 1}, a.rows, b, c, into == Into::add);
}

template <class T>
void multiply_left_transposed(Rows<const T> a, Rows<const T> b, Rows<T> c, Into into) {
  require(a.rows == b.rows && c.rows == a.cols && c.cols == b.cols, "shapes of a product");
  product(Left<T>{a.data, 1, a.stride}, a.cols, b, c, into == Into::add);
}

template <class T>
void multiply_right_transposed(Rows<const T> a, Rows<const T> b, Rows<T> c, Into into) {
  require(a.cols == b.cols && c.rows == a.rows && c.cols == b.rows, "shapes of a product");
  thread_local std::vector<T> turned;
  turned.resize(b.rows * b.cols);
  transpose<T>(b, turned.data());
  product(Left<T>{a.data, a.stride, 1}, a.rows, Rows<const T>(turned.data(), b.cols, b.rows), c,
          into == Into::add);
}

template void transpose(Rows<const float>, float*);
template void transpose(Rows<const double>, double*);
template void multiply(Rows<const float>, Rows<const float>, Rows<float>, Into);
template void multiply(Rows<const double>, Rows<const double>, Rows<double>, Into);
template void multiply_left_transposed(Rows<const float>, Rows<const float>, Rows<float>, Into);
template void multiply_left_transposed(Rows<const double>, Rows<const double>, Rows<double>, Into);
template void multiply_right_transposed(Rows<const float>, Rows<const float>, Rows<float>, Into);
template void multiply_right_transposed(Rows<const double>, Rows<const double>, Rows<double>,
                                        Into);

}  // namespace causalsynth
