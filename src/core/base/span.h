// Non-owning views. The owner (R, a test, a vector) outlives the view.
#pragma once
#include <cstddef>
#include <type_traits>
#include <vector>

namespace causalsynth {

template <class T>
class Span {
 public:
  using value_type = std::remove_const_t<T>;
  Span() = default;
  Span(T* data, std::size_t size) : data_(data), size_(size) {}
  Span(std::vector<value_type>& v) : data_(v.data()), size_(v.size()) {}
  template <class U = T, class = std::enable_if_t<std::is_const<U>::value>>
  Span(const std::vector<value_type>& v) : data_(v.data()), size_(v.size()) {}
  // From a view that may write. A template of its own argument: never a copy constructor.
  template <class U,
            class = std::enable_if_t<std::is_same<const U, T>::value && !std::is_const<U>::value>>
  Span(Span<U> other) : data_(other.data()), size_(other.size()) {}

  T& operator[](std::size_t i) const { return data_[i]; }
  T* data() const { return data_; }
  T* begin() const { return data_; }
  T* end() const { return data_ + size_; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

 private:
  T* data_ = nullptr;
  std::size_t size_ = 0;
};

// Column-major n x p matrix, as R and Eigen store it.
template <class T>
class MatrixView {
 public:
  MatrixView() = default;
  MatrixView(T* data, std::size_t rows, std::size_t cols) : data_(data), rows_(rows), cols_(cols) {}
  T& operator()(std::size_t i, std::size_t j) const { return data_[i + rows_ * j]; }
  Span<T> column(std::size_t j) const { return {data_ + rows_ * j, rows_}; }
  T* data() const { return data_; }
  std::size_t rows() const { return rows_; }
  std::size_t cols() const { return cols_; }

 private:
  T* data_ = nullptr;
  std::size_t rows_ = 0, cols_ = 0;
};

}  // namespace causalsynth
