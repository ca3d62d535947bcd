#include <cmath>
#include <cstring>
#include <limits>

#include "catch.h"
#include "core/base/file_error.h"
#include "core/base/value.h"
#include "core/random/stream.h"

using namespace causalsynth;

namespace {

using Bytes = std::vector<unsigned char>;

Value make(ValueType type, std::vector<std::int32_t> x) {
  Value value;
  value.type = type;
  value.content = std::move(x);
  return value;
}

Value reals(std::vector<double> x) {
  Value value;
  value.type = ValueType::real;
  value.content = std::move(x);
  return value;
}

Value text(const std::vector<const char*>& x, ValueType type = ValueType::text) {
  Value value;
  value.type = type;
  Texts texts;
  for (const char* one : x) {
    if (one)
      texts.add(one, std::strlen(one));
    else
      texts.add_missing();
  }
  value.content = std::move(texts);
  return value;
}

Value group(ValueType type, std::vector<Value> x) {
  Value value;
  value.type = type;
  value.content = std::move(x);
  return value;
}

// One of everything.
Value sample() {
  Value raw;
  raw.type = ValueType::bytes;
  raw.content = Bytes{1, 0, 255};
  Value stored;
  stored.type = ValueType::stored;
  stored.content = StoredBytes{3, 1u << 20};
  Value numbers = make(ValueType::integer, {1, -2, kMissingInteger, 2147483647});
  numbers.attributes.push_back({"levels", text({"a", "caf\xC3\xA9", nullptr, ""})});
  const double missing = std::nan("1954");
  Value call = group(ValueType::call, {text({"ns"}, ValueType::symbol),
                                       text({"W1"}, ValueType::symbol), reals({3})});
  call.attributes.push_back({"names", text({"", "df"})});
  Value chain = group(ValueType::chain, {text({"+"}, ValueType::symbol), call,
                                         text({"b"}, ValueType::symbol), reals({1})});
  Value qualified = group(ValueType::call, {text({"splines::ns"}), call});
  Value all = group(ValueType::list,
                    {Value(), make(ValueType::logical, {0, 1, kMissingInteger}), numbers,
                     reals({0.1, -0.0, missing, std::numeric_limits<double>::infinity(), 5e-324}),
                     text({}), raw, stored, chain, qualified, group(ValueType::list, {})});
  all.attributes.push_back({"class", text({"one", "two"})});
  all.attributes.push_back({"notes", group(ValueType::list, {numbers, Value()})});
  return all;
}

FileProblem problem_of(const Bytes& bytes) {
  try {
    decode_value(bytes);
  } catch (const FileError& e) {
    return e.problem();
  }
  FAIL("the value was read");
  return FileProblem::damaged;
}

}  // namespace

TEST_CASE("values come back as they were, bit by bit") {
  const Bytes bytes = encode_value(sample());
  const Value read = decode_value(bytes);
  CHECK(encode_value(read) == bytes);
  const std::vector<Value>& items = read.items();
  REQUIRE(items.size() == 10);
  CHECK(items[0].type == ValueType::null);
  CHECK(items[1].integers() == std::vector<std::int32_t>({0, 1, kMissingInteger}));
  CHECK(items[2].integers()[3] == 2147483647);
  CHECK(items[2].attributes[0].value.texts().sizes[2] == Texts::kMissing);
  CHECK(items[2].attributes[0].value.texts().pool == "acaf\xC3\xA9");
  const std::vector<double> expected = sample().items()[3].reals();
  CHECK(std::memcmp(items[3].reals().data(), expected.data(), 5 * sizeof(double)) == 0);
  CHECK(items[5].bytes() == Bytes({1, 0, 255}));
  CHECK(items[6].stored().size == 1u << 20);
  CHECK(items[7].type == ValueType::chain);
  CHECK(read.attributes[1].name == "notes");
}

TEST_CASE("the bytes of a value are those of the contract, whatever the machine") {
  Value number = reals({1.0});
  number.attributes.push_back({"unit", make(ValueType::logical, {1})});
  const Bytes expected{3, 1, 1, 0, 0,   0,   0,   0,   0, 0, 0, 0, 0, 0, 0, 0, 0xF0, 0x3F, 1,
                       0, 0, 0, 4, 'u', 'n', 'i', 't', 1, 0, 1, 0, 0, 0, 0, 0, 0,    0,    1};
  CHECK(encode_value(number) == expected);
  const Bytes integer{2, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0xFE, 0xFF, 0xFF, 0xFF};
  CHECK(encode_value(make(ValueType::integer, {-2})) == integer);
}

TEST_CASE("cut or changed bytes are an error or another value, never a crash") {
  const Bytes bytes = encode_value(sample());
  for (std::size_t i = 0; i < bytes.size(); ++i)
    CHECK(problem_of(Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(i))) ==
          FileProblem::damaged);
  Bytes longer = bytes;
  longer.push_back(0);
  CHECK(problem_of(longer) == FileProblem::damaged);
  Stream stream(2, StreamTag::test, 0);
  int refused = 0;
  for (int round = 0; round < 20000; ++round) {
    Bytes bad = bytes;
    const auto places = 1 + stream.below(3);
    for (std::uint32_t k = 0; k < places; ++k)
      bad[stream.below(static_cast<std::uint32_t>(bad.size()))] =
          static_cast<unsigned char>(stream.below(256));
    try {
      decode_value(bad);
    } catch (const FileError&) {
      ++refused;
    }
  }
  CHECK(refused > 5000);
}

TEST_CASE("depth, numbers and texts have limits") {
  Value deep = reals({1});
  for (int i = 0; i < kDeepestValue - 1; ++i) deep = group(ValueType::list, {deep});
  const Bytes bytes = encode_value(deep);
  CHECK(encode_value(decode_value(bytes)) == bytes);
  CHECK_THROWS_AS(encode_value(group(ValueType::list, {deep})), std::invalid_argument);
  Bytes deeper{6, 0, 1, 0, 0, 0, 0, 0, 0, 0};
  deeper.insert(deeper.end(), bytes.begin(), bytes.end());
  CHECK(problem_of(deeper) == FileProblem::damaged);
  // A list that states 2^40 values, and one that holds more than the limit.
  CHECK(problem_of({6, 0, 0, 0, 0, 0, 0, 1, 0, 0}) == FileProblem::damaged);
  Bytes many{6, 0, 0, 0x09, 0x3D, 0, 0, 0, 0, 0};  // 4,000,000
  many.resize(many.size() + 2 * 4000000, 0);
  CHECK(problem_of(many) == FileProblem::damaged);
  // Texts whose lengths exceed the pool.
  CHECK(problem_of({4, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0xFE, 0xFF, 0xFF, 0xFF}) == FileProblem::damaged);
  CHECK(problem_of({99, 0}) == FileProblem::damaged);
  CHECK(problem_of({0, 2}) == FileProblem::damaged);
  // Attributes announced, but none: there is one encoding of a value.
  CHECK(problem_of({0, 1, 0, 0, 0, 0}) == FileProblem::damaged);
}

TEST_CASE("symbols and calls have names") {
  CHECK_THROWS_AS(decode_value(encode_value(text({""}, ValueType::symbol))), FileError);
  CHECK_THROWS_AS(decode_value(encode_value(text({"a", "b"}, ValueType::symbol))), FileError);
  CHECK_THROWS_AS(decode_value(encode_value(group(ValueType::call, {}))), FileError);
  CHECK_THROWS_AS(decode_value(encode_value(group(ValueType::call, {reals({1})}))), FileError);
  const Value plus = text({"+"}, ValueType::symbol);
  CHECK_THROWS_AS(decode_value(encode_value(group(ValueType::chain, {plus, plus, plus}))),
                  FileError);
}

TEST_CASE("UTF-8 is told from other bytes") {
  auto valid = [](const std::string& x) { return is_utf8(x.data(), x.size()); };
  CHECK(valid(""));
  CHECK(valid("plain"));
  CHECK(valid("\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80 \xED\x9F\xBF \xF4\x8F\xBF\xBF"));
  for (const char* bad :
       {"\xE9", "\xC3", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
        "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\x80", "\xE2\x82", "\xE2\x28\xA1", "\xFF"})
    CHECK_FALSE(valid(bad));
  CHECK_FALSE(valid(std::string("a\0b", 3)));
  Texts texts;
  CHECK_THROWS_AS(texts.add("\xE9", 1), std::invalid_argument);
}
