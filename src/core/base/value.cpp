#include "value.h"

#include "byte_reader.h"
#include "require.h"

namespace causalsynth {
namespace {

class Encoder {
 public:
  void value(const Value& x, int depth) {
    require(depth <= kDeepestValue, "values are nested too deeply");
    require(++values_ <= kMostValues, "there are too many values");
    number(static_cast<std::uint8_t>(x.type));
    number(static_cast<std::uint8_t>(!x.attributes.empty()));
    content(x, depth);
    if (x.attributes.empty()) return;
    number(static_cast<std::uint32_t>(x.attributes.size()));
    for (const Attribute& attribute : x.attributes) {
      require(!attribute.name.empty() && attribute.name.size() <= 255, "names of attributes");
      number(static_cast<std::uint8_t>(attribute.name.size()));
      append(attribute.name.data(), attribute.name.size());
      value(attribute.value, depth + 1);
    }
  }
  std::vector<unsigned char> take() { return std::move(out_); }

 private:
  template <class T>
  void number(T x) {
    append_number(out_, x);
  }
  void append(const void* from, std::size_t size) {
    const auto* bytes = static_cast<const unsigned char*>(from);
    out_.insert(out_.end(), bytes, bytes + size);
  }
  template <class T>
  void numbers(const std::vector<T>& x) {
    number(static_cast<std::uint64_t>(x.size()));
    if constexpr (kBigEndianHost) {
      for (const T one : x) number(one);
    } else {
      append(x.data(), x.size() * sizeof(T));
    }
  }
  void content(const Value& x, int depth) {
    switch (x.type) {
      case ValueType::null:
        break;
      case ValueType::logical:
        number(static_cast<std::uint64_t>(x.integers().size()));
        for (const std::int32_t one : x.integers())
          number(static_cast<std::uint8_t>(one == kMissingInteger ? 2 : one != 0));
        break;
      case ValueType::integer:
        numbers(x.integers());
        break;
      case ValueType::real:
        numbers(x.reals());
        break;
      case ValueType::text:
      case ValueType::symbol:
        numbers(x.texts().sizes);
        append(x.texts().pool.data(), x.texts().pool.size());
        break;
      case ValueType::bytes:
        number(static_cast<std::uint64_t>(x.bytes().size()));
        append(x.bytes().data(), x.bytes().size());
        break;
      case ValueType::stored:
        number(x.stored().section);
        number(x.stored().size);
        break;
      default:
        number(static_cast<std::uint64_t>(x.items().size()));
        for (const Value& item : x.items()) value(item, depth + 1);
    }
  }
  std::vector<unsigned char> out_;
  std::size_t values_ = 0;
};

class Decoder {
 public:
  explicit Decoder(Span<const unsigned char> bytes) : in_(bytes) {}

  Value value(int depth) {
    require_file(depth <= kDeepestValue, "values are nested beyond the limit");
    require_file(++values_ <= kMostValues, "the number of values is beyond the limit");
    Value x;
    const auto type = in_.number<std::uint8_t>();
    require_file(type <= static_cast<std::uint8_t>(ValueType::stored), "a value of unknown type");
    x.type = static_cast<ValueType>(type);
    const auto more = in_.number<std::uint8_t>();
    require_file(more <= 1, "a flag is neither 0 nor 1");
    content(x, depth);
    if (more == 0) return x;
    const auto attributes = in_.number<std::uint32_t>();
    require_file(attributes > 0, "attributes are announced but absent");
    for (std::uint32_t i = 0; i < attributes; ++i) {
      std::string name = in_.text(in_.number<std::uint8_t>());
      require_file(!name.empty() && is_utf8(name.data(), name.size()), "an attribute has no name");
      x.attributes.push_back({std::move(name), value(depth + 1)});
    }
    return x;
  }
  void finish() const { in_.finish(); }

 private:
  template <class T>
  std::vector<T> numbers() {
    std::vector<T> x(in_.count(sizeof(T)));
    const Span<const unsigned char> from = in_.take(x.size() * sizeof(T));
    if (!x.empty()) std::memcpy(x.data(), from.data(), from.size());
    swap_order(x.data(), x.size());
    return x;
  }
  std::vector<std::int32_t> flags() {
    std::vector<std::int32_t> x(in_.count(1));
    for (std::int32_t& one : x) {
      const auto flag = in_.number<std::uint8_t>();
      require_file(flag <= 2, "a logical is neither true, false nor missing");
      one = flag == 2 ? kMissingInteger : flag;
    }
    return x;
  }
  Texts texts() {
    Texts x;
    x.sizes = numbers<std::uint32_t>();
    std::uint64_t total = 0;
    for (const std::uint32_t size : x.sizes) total += size == Texts::kMissing ? 0 : size;
    x.pool = in_.text(total);
    const char* at = x.pool.data();
    for (const std::uint32_t size : x.sizes) {
      if (size == Texts::kMissing) continue;
      require_file(is_utf8(at, size), "a text is not valid UTF-8");
      at += size;
    }
    return x;
  }
  std::vector<Value> items(int depth) {
    const std::size_t n = in_.count(2);
    require_file(n <= kMostValues - values_, "the number of values is beyond the limit");
    std::vector<Value> x;
    x.reserve(n);
    for (std::size_t i = 0; i < n; ++i) x.push_back(value(depth + 1));
    return x;
  }
  void content(Value& x, int depth) {
    switch (x.type) {
      case ValueType::null:
        break;
      case ValueType::logical:
        x.content = flags();
        break;
      case ValueType::integer:
        x.content = numbers<std::int32_t>();
        break;
      case ValueType::real:
        x.content = numbers<double>();
        break;
      case ValueType::text:
        x.content = texts();
        break;
      case ValueType::symbol:
        x.content = texts();
        check_symbol(x);
        break;
      case ValueType::bytes: {
        const Span<const unsigned char> bytes = in_.take(in_.count(1));
        x.content = std::vector<unsigned char>(bytes.begin(), bytes.end());
        break;
      }
      case ValueType::stored: {
        StoredBytes stored;
        stored.section = in_.number<std::uint64_t>();
        stored.size = in_.number<std::uint64_t>();
        x.content = stored;
        break;
      }
      default:
        x.content = items(depth);
        if (x.type != ValueType::list) check_call(x);
    }
  }
  static void check_symbol(const Value& x) {
    const Texts& name = x.texts();
    require_file(name.sizes.size() == 1 && !name.pool.empty() && name.pool.size() <= 10000,
                 "a symbol has no name");
  }
  static void check_call(const Value& x) {
    const std::vector<Value>& items = x.items();
    require_file(items.size() >= (x.type == ValueType::chain ? 4u : 1u), "a call without parts");
    const ValueType function = items[0].type;
    require_file(function == ValueType::symbol ||
                     (x.type == ValueType::call && function == ValueType::text &&
                      items[0].texts().sizes.size() == 1),
                 "a call of what is no name");
  }
  ByteReader in_;
  std::size_t values_ = 0;
};

}  // namespace

void Texts::add(const char* from, std::size_t size) {
  require(size < kMissing && is_utf8(from, size), "texts must be valid UTF-8");
  sizes.push_back(static_cast<std::uint32_t>(size));
  pool.append(from, size);
}

const std::vector<std::int32_t>& Value::integers() const {
  return std::get<std::vector<std::int32_t>>(content);
}
const std::vector<double>& Value::reals() const {
  return std::get<std::vector<double>>(content);
}
const Texts& Value::texts() const {
  return std::get<Texts>(content);
}
const std::vector<unsigned char>& Value::bytes() const {
  return std::get<std::vector<unsigned char>>(content);
}
const std::vector<Value>& Value::items() const {
  return std::get<std::vector<Value>>(content);
}
const StoredBytes& Value::stored() const {
  return std::get<StoredBytes>(content);
}

std::vector<unsigned char> encode_value(const Value& value) {
  Encoder encoder;
  encoder.value(value, 1);
  return encoder.take();
}

Value decode_value(Span<const unsigned char> bytes) {
  Decoder decoder(bytes);
  Value value = decoder.value(1);
  decoder.finish();
  return value;
}

// Unicode standard, table 3-7: the well-formed byte sequences.
bool is_utf8(const char* text, std::size_t size) {
  const auto* at = reinterpret_cast<const unsigned char*>(text);
  const auto* end = at + size;
  while (at < end) {
    const unsigned char first = *at++;
    if (first == 0) return false;
    if (first < 0x80) continue;
    int more = first >= 0xF0 ? 3 : (first >= 0xE0 ? 2 : 1);
    if (first < 0xC2 || first > 0xF4 || end - at < more) return false;
    const unsigned char low = first == 0xE0 ? 0xA0 : (first == 0xF0 ? 0x90 : 0x80);
    const unsigned char high = first == 0xED ? 0x9F : (first == 0xF4 ? 0x8F : 0xBF);
    if (*at < low || *at > high) return false;
    for (++at; --more > 0; ++at)
      if (*at < 0x80 || *at > 0xBF) return false;
  }
  return true;
}

}  // namespace causalsynth
