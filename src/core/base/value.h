// Plain values as a tree, and as bytes: what a model is made of besides its packed bytes. Encoding
// of a value, numbers little-endian:
//
//   1      type (ValueType)
//   1      1 if attributes follow the content, else 0
//   content
//     null      nothing
//     logical   8: count; 1 each: 0, 1, or 2 for missing
//     integer   8: count; 4 each, the lowest integer for missing
//     real      8: count; 8 each, bits as they are
//     text      8: count; 4 each: length in bytes, all ones for missing; the UTF-8 of all
//     bytes     8: count; the bytes
//     list      8: count; a value each
//     symbol    as text, one
//     call      as list: the function (a symbol, or a text "package::name"), then the arguments
//     chain     as list: a symbol, then at least three operands: f(f(a, b), c)
//     stored    8: number of the section that holds the bytes, 8: their count
//   attributes: 4: count, at least 1; each 1: length of the name, the name, a value
//
// Calls are the expressions of formulas. The limits keep a damaged or hostile file from using up
// the stack or the memory.
#pragma once
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "span.h"

namespace causalsynth {

enum class ValueType : std::uint8_t {
  null,
  logical,
  integer,
  real,
  text,
  bytes,
  list,
  symbol,
  call,
  chain,
  stored
};

constexpr int kDeepestValue = 100;
constexpr std::size_t kMostValues = 4000000;
constexpr std::int32_t kMissingInteger = INT32_MIN;

// Strings end to end.
struct Texts {
  static constexpr std::uint32_t kMissing = 0xFFFFFFFFu;
  std::vector<std::uint32_t> sizes;
  std::string pool;

  void add(const char* from, std::size_t size);  // valid UTF-8
  void add_missing() { sizes.push_back(kMissing); }
};

struct StoredBytes {
  std::uint64_t section = 0, size = 0;
};

struct Attribute;

struct Value {
  ValueType type = ValueType::null;
  // By type: logical, integer | real | text, symbol | bytes | list, call, chain | stored
  std::variant<std::monostate, std::vector<std::int32_t>, std::vector<double>, Texts,
               std::vector<unsigned char>, std::vector<Value>, StoredBytes>
      content;
  std::vector<Attribute> attributes;

  const std::vector<std::int32_t>& integers() const;
  const std::vector<double>& reals() const;
  const Texts& texts() const;
  const std::vector<unsigned char>& bytes() const;
  const std::vector<Value>& items() const;
  const StoredBytes& stored() const;
};

struct Attribute {
  std::string name;
  Value value;
};

// Throws std::invalid_argument for a tree that is beyond the limits.
std::vector<unsigned char> encode_value(const Value& value);
// Throws FileError unless the bytes are one whole value within the limits.
Value decode_value(Span<const unsigned char> bytes);

// Without overlong forms, surrogates and zeros.
bool is_utf8(const char* text, std::size_t size);

}  // namespace causalsynth
