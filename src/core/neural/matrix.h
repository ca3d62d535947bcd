// Row-major matrices: rows are the units (rows of a batch, tokens), so that a block of rows is one
// contiguous piece. T is float; double serves the gradient checks.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstring>
#include <vector>

#include "../base/span.h"

namespace causalsynth {

// A view of rows x cols numbers whose rows are `stride` apart.
template <class T>
struct Rows {
  T* data = nullptr;
  std::size_t rows = 0, cols = 0, stride = 0;

  Rows() = default;
  Rows(T* data_, std::size_t rows_, std::size_t cols_) : Rows(data_, rows_, cols_, cols_) {}
  Rows(T* data_, std::size_t rows_, std::size_t cols_, std::size_t stride_)
      : data(data_), rows(rows_), cols(cols_), stride(stride_) {}
  template <class U = T, class = std::enable_if_t<std::is_const<U>::value>>
  Rows(const Rows<std::remove_const_t<T>>& other)
      : Rows(other.data, other.rows, other.cols, other.stride) {}

  T* row(std::size_t i) const { return data + i * stride; }
  T& operator()(std::size_t i, std::size_t j) const { return data[i * stride + j]; }
  Rows block(std::size_t begin, std::size_t end) const {
    return {data + begin * stride, end - begin, cols, stride};
  }
  Rows columns(std::size_t begin, std::size_t end) const {
    return {data + begin, rows, end - begin, stride};
  }
};

// The owner. resize() keeps the memory; the numbers mean nothing afterwards.
template <class T>
class Matrix {
 public:
  Matrix() = default;
  Matrix(std::size_t rows, std::size_t cols) { resize(rows, cols); }
  void resize(std::size_t rows, std::size_t cols) {
    rows_ = rows;
    cols_ = cols;
    if (values_.size() < rows * cols) values_.resize(rows * cols);
  }
  void fill(T value) {
    std::fill(values_.begin(), values_.begin() + static_cast<std::ptrdiff_t>(size()), value);
  }
  std::size_t rows() const { return rows_; }
  std::size_t cols() const { return cols_; }
  std::size_t size() const { return rows_ * cols_; }
  T* data() { return values_.data(); }
  const T* data() const { return values_.data(); }
  T* row(std::size_t i) { return values_.data() + i * cols_; }
  const T* row(std::size_t i) const { return values_.data() + i * cols_; }
  T& operator()(std::size_t i, std::size_t j) { return values_[i * cols_ + j]; }
  const T& operator()(std::size_t i, std::size_t j) const { return values_[i * cols_ + j]; }
  Rows<T> view() { return {values_.data(), rows_, cols_}; }
  Rows<const T> view() const { return {values_.data(), rows_, cols_}; }
  operator Rows<T>() { return view(); }
  operator Rows<const T>() const { return view(); }

 private:
  std::size_t rows_ = 0, cols_ = 0;
  std::vector<T> values_;
};

// `size` zeros, whatever was there.
template <class T>
void set_zeros(std::vector<T>& x, std::size_t size) {
  x.resize(size);
  if (size > 0) std::memset(x.data(), 0, size * sizeof(T));
}

}  // namespace causalsynth
