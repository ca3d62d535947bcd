#include "product.h"

#include <cstring>

#include "../base/require.h"
#include "dispatch.h"

// AVX-512 brings instructions that round a product and a sum once: not used, as other widths lack
// them.
#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#elif defined(__GNUC__)
#pragma GCC optimize("fp-contract=off")
#endif

namespace causalsynth {
namespace {

constexpr int kTileRows = 4;
constexpr std::size_t kTileCols = 16;

// A(i, k) = a[i * row_step + k * inner_step]: serves A and its transpose.
template <class T>
struct Left {
  const T* data;
  std::size_t row_step, inner_step;
};

// kRows x kVectors vectors of sums held in registers: loops over them must be unrolled.
template <class Vectors, int kRows, int kVectors>
inline __attribute__((always_inline)) void tile(Left<float> a, const float* b, std::size_t b_step,
                                                std::size_t inner, float* out,
                                                std::size_t out_step, bool add) {
  using V = typename Vectors::V;
  constexpr std::size_t kWidth = Vectors::kWidth;
  V sums[kRows][kVectors];
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) sums[r][v] = V{};
  for (std::size_t k = 0; k < inner; ++k) {
    V right[kVectors];
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v)
      right[v] = *reinterpret_cast<const V*>(b + k * b_step + static_cast<std::size_t>(v) * kWidth);
    const float* left = a.data + k * a.inner_step;
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      const float x = left[static_cast<std::size_t>(r) * a.row_step];
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) sums[r][v] += x * right[v];
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
      V* to = reinterpret_cast<V*>(out + static_cast<std::size_t>(r) * out_step +
                                   static_cast<std::size_t>(v) * kWidth);
      *to = add ? *to + sums[r][v] : sums[r][v];
    }
}

struct Panel {
  Left<float> a;
  std::size_t rows;
  const float* b;
  std::size_t b_step, inner;
  float* out;
  std::size_t out_step;
  bool add;
};

template <class Vectors, int kRows, int kVectors>
inline __attribute__((always_inline)) void tile_at(const Panel& p, std::size_t i,
                                                   std::size_t shift) {
  tile<Vectors, kRows, kVectors>({p.a.data + i * p.a.row_step, p.a.row_step, p.a.inner_step},
                                 p.b + shift, p.b_step, p.inner, p.out + i * p.out_step + shift,
                                 p.out_step, p.add);
}

template <class Vectors, int kVectors>
inline __attribute__((always_inline)) void all_rows(const Panel& p, std::size_t shift) {
  std::size_t i = 0;
  for (; i + std::size_t{kTileRows} <= p.rows; i += kTileRows)
    tile_at<Vectors, kTileRows, kVectors>(p, i, shift);
  for (; i < p.rows; ++i) tile_at<Vectors, 1, kVectors>(p, i, shift);
}

#ifdef CAUSALSYNTH_HAS_AVX2_PATH
CAUSALSYNTH_AVX2 void wide_panel(const Panel& p) { all_rows<Wide, 2>(p, 0); }
// 16 columns a vector.
template <int kVectors>
CAUSALSYNTH_AVX512 void widest_panel(const Panel& p) {
  std::size_t i = 0;
  for (; i + 8 <= p.rows; i += 8) tile_at<Widest, 8, kVectors>(p, i, 0);
  for (; i + 4 <= p.rows; i += 4) tile_at<Widest, 4, kVectors>(p, i, 0);
  for (; i < p.rows; ++i) tile_at<Widest, 1, kVectors>(p, i, 0);
}
#endif

// All rows against 16 columns of B.
void float_panel(const Panel& p) {
#ifdef CAUSALSYNTH_HAS_AVX2_PATH
  if (has_avx512()) return widest_panel<1>(p);
  if (has_avx2()) return wide_panel(p);
#endif
  all_rows<Narrow, 2>(p, 0);
  all_rows<Narrow, 2>(p, 8);
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
#ifdef CAUSALSYNTH_HAS_AVX2_PATH
  if (has_avx512())
    for (; j + 2 * kTileCols <= c.cols; j += 2 * kTileCols)
      widest_panel<2>({a, rows, b.data + j, b.stride, b.rows, c.data + j, c.stride, add});
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
  for (std::size_t i = 0; i < b.rows; ++i)
    for (std::size_t j = 0; j < b.cols; ++j) turned[j * b.rows + i] = b(i, j);
  product(Left<T>{a.data, a.stride, 1}, a.rows, Rows<const T>(turned.data(), b.cols, b.rows), c,
          into == Into::add);
}

template void multiply(Rows<const float>, Rows<const float>, Rows<float>, Into);
template void multiply(Rows<const double>, Rows<const double>, Rows<double>, Into);
template void multiply_left_transposed(Rows<const float>, Rows<const float>, Rows<float>, Into);
template void multiply_left_transposed(Rows<const double>, Rows<const double>, Rows<double>, Into);
template void multiply_right_transposed(Rows<const float>, Rows<const float>, Rows<float>, Into);
template void multiply_right_transposed(Rows<const double>, Rows<const double>, Rows<double>,
                                        Into);

}  // namespace causalsynth
