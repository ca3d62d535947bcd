// Objects of the core as bytes and back, so that R can hold, compare and save them as plain
// vectors. Native byte order; every length is checked before it is believed.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <type_traits>
#include <vector>

#include "span.h"

namespace causalsynth {

class ArchiveWriter {
 public:
  template <class T>
  void value(const T& x) {
    static_assert(std::is_trivially_copyable<T>::value, "plain values only");
    append(&x, sizeof(T));
  }
  template <class T>
  void vector(const std::vector<T>& x) {
    static_assert(std::is_trivially_copyable<T>::value, "plain values only");
    value(static_cast<std::uint64_t>(x.size()));
    append(x.data(), x.size() * sizeof(T));
  }
  const std::vector<unsigned char>& bytes() const { return bytes_; }

 private:
  void append(const void* from, std::size_t size) {
    if (size == 0) return;
    const std::size_t at = bytes_.size();
    bytes_.resize(at + size);
    std::memcpy(bytes_.data() + at, from, size);
  }
  std::vector<unsigned char> bytes_;
};

class ArchiveReader {
 public:
  explicit ArchiveReader(Span<const unsigned char> bytes) : bytes_(bytes) {}

  template <class T>
  T value() {
    T x;
    std::memcpy(&x, take(sizeof(T)), sizeof(T));
    return x;
  }
  template <class T>
  void vector(std::vector<T>& x) {
    const auto size = value<std::uint64_t>();
    if (size > (bytes_.size() - at_) / sizeof(T)) broken();
    x.resize(static_cast<std::size_t>(size));
    if (size > 0) std::memcpy(x.data(), take(x.size() * sizeof(T)), x.size() * sizeof(T));
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
  Span<const unsigned char> bytes_;
  std::size_t at_ = 0;
};

}  // namespace causalsynth
