// Objects of the core as bytes and back, so that R can hold, compare and save them as plain
// vectors. Little-endian on every machine; every length is checked before it is believed.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <vector>

#include "byte_order.h"
#include "layout.h"
#include "span.h"

namespace causalsynth {

class ArchiveWriter {
 public:
  template <class T>
  void value(const T& x) {
    append(&x, 1);
  }
  template <class T>
  void vector(const std::vector<T>& x) {
    value(static_cast<std::uint64_t>(x.size()));
    append(x.data(), x.size());
  }
  const std::vector<unsigned char>& bytes() const { return bytes_; }

 private:
  template <class T>
  void append(const T* from, std::size_t n) {
    static_assert(TravelsAsBytes<T>::value, "see byte_order.h for what structs need");
    if (n == 0) return;
    const std::size_t at = bytes_.size();
    bytes_.resize(at + n * sizeof(T));
    if constexpr (kBigEndianHost) {
      std::vector<T> copy(from, from + n);
      swap_order(copy.data(), n);
      std::memcpy(bytes_.data() + at, copy.data(), n * sizeof(T));
    } else {
      std::memcpy(bytes_.data() + at, from, n * sizeof(T));
    }
  }
  std::vector<unsigned char> bytes_;
};

class ArchiveReader {
 public:
  // `layout`, if given, notes which bytes are alike.
  explicit ArchiveReader(Span<const unsigned char> bytes, ByteLayout* layout = nullptr)
      : bytes_(bytes), layout_(layout) {}

  template <class T>
  T value() {
    static_assert(TravelsAsBytes<T>::value, "see byte_order.h for what structs need");
    T x;
    std::memcpy(&x, take(sizeof(T)), sizeof(T));
    swap_order(&x, 1);
    if (layout_) layout_->add(0, sizeof(T));
    return x;
  }
  template <class T>
  void vector(std::vector<T>& x) {
    const auto size = value<std::uint64_t>();
    if (size > (bytes_.size() - at_) / sizeof(T)) broken();
    x.resize(static_cast<std::size_t>(size));
    if (size > 0) std::memcpy(x.data(), take(x.size() * sizeof(T)), x.size() * sizeof(T));
    swap_order(x.data(), x.size());
    if (layout_) layout_->add(stream_of<T>(), size * sizeof(T));
  }
  // A count of objects of at least one byte each.
  std::size_t count() {
    const auto size = value<std::uint64_t>();
    if (size > bytes_.size() - at_) broken();
    return static_cast<std::size_t>(size);
  }
  void finish() const {
    if (at_ != bytes_.size()) broken();
  }
  static void require(bool ok) {
    if (!ok) broken();
  }

 private:
  [[noreturn]] static void broken() { throw std::runtime_error("the stored model is damaged"); }
  const unsigned char* take(std::size_t size) {
    if (size > bytes_.size() - at_) broken();
    const unsigned char* from = bytes_.data() + at_;
    at_ += size;
    return from;
  }
  // Elements of one size and sort share a stream; 0 is the scalars'.
  template <class T>
  static constexpr std::uint8_t stream_of() {
    constexpr int sort = std::is_class<T>::value ? 2 : (std::is_floating_point<T>::value ? 1 : 0);
    static_assert(sizeof(T) <= 80, "the number of a stream fits a byte");
    return static_cast<std::uint8_t>(3 * sizeof(T) + sort);
  }
  Span<const unsigned char> bytes_;
  ByteLayout* layout_;
  std::size_t at_ = 0;
};

}  // namespace causalsynth
