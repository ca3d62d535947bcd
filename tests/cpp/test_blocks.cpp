#include <numeric>

#include "catch.h"
#include "core/base/archive.h"
#include "core/base/blocks.h"
#include "core/base/file_error.h"
#include "core/base/layout.h"
#include "core/random/stream.h"

using namespace causalsynth;

namespace {

using Bytes = std::vector<unsigned char>;

Bytes counted(std::size_t n) {
  Bytes x(n);
  std::iota(x.begin(), x.end(), static_cast<unsigned char>(0));
  return x;
}

struct Pair {
  std::uint32_t a;
  std::uint16_t b, c;
};
inline void reverse_bytes(Pair& x) {
  causalsynth::reverse_bytes(x.a);
  causalsynth::reverse_bytes(x.b);
  causalsynth::reverse_bytes(x.c);
}

struct Padded {
  std::uint32_t a;
  std::uint64_t b;
};
inline void reverse_bytes(Padded&) {}

struct Foreign {
  std::uint32_t a;
};

}  // namespace

TEST_CASE("words are shuffled by the place of their bytes and back") {
  Bytes out(10);
  shuffle(counted(10), 4, out);
  CHECK(out == Bytes({0, 4, 1, 5, 2, 6, 3, 7, 8, 9}));
  for (const std::size_t width : {1, 4, 8})
    for (const std::size_t n : {0, 1, 7, 8, 9, 256, 1003}) {
      const Bytes x = counted(n);
      Bytes there(n), back(n);
      shuffle(x, width, there);
      unshuffle(there, width, back);
      CHECK(back == x);
    }
}

TEST_CASE("blocks come back with their places; false tables are refused") {
  const Bytes a = counted(50), b = counted(20);
  const std::vector<Block> blocks{{8, 1, 100, a}, {1, 0, 20, b}};
  const Bytes payload = encode_blocks(blocks);
  const std::vector<Block> read = decode_blocks(payload, 120);
  REQUIRE(read.size() == 2);
  CHECK(read[0].width == 8);
  CHECK(read[0].size == 100);
  CHECK(Bytes(read[0].stored.begin(), read[0].stored.end()) == a);
  CHECK(Bytes(read[1].stored.begin(), read[1].stored.end()) == b);
  CHECK(decode_blocks(encode_blocks({}), 0).empty());

  auto problem = [](const Bytes& bytes, std::uint64_t limit = 1000) {
    try {
      decode_blocks(bytes, limit);
    } catch (const FileError& e) {
      return e.problem();
    }
    return FileProblem::foreign;  // none of those below
  };
  CHECK(problem(payload, 119) == FileProblem::too_large);
  // Stated length, number of blocks, width, method, length and stored length of the first block.
  const std::vector<std::pair<std::size_t, unsigned char>> wrong{
      {0, 121}, {8, 3}, {8, 1}, {12, 3}, {13, 2}, {14, 101}, {18, 51}, {18, 100}, {28, 21}};
  for (const auto& change : wrong) {
    Bytes bad = payload;
    bad[change.first] = change.second;
    CHECK(problem(bad) == FileProblem::damaged);
  }
  for (std::size_t i = 0; i < payload.size(); ++i)
    CHECK(problem(Bytes(payload.begin(), payload.begin() + static_cast<std::ptrdiff_t>(i))) ==
          FileProblem::damaged);
  const Bytes whole(kBlockBytes + 1);
  CHECK(problem(encode_blocks({{1, 0, static_cast<std::uint32_t>(whole.size()), whole}}),
                1u << 20) == FileProblem::damaged);
}

TEST_CASE("a layout gathers what is alike and scatters it again") {
  ByteLayout layout;
  layout.add(0, 2);
  layout.add(24, 3);
  layout.add(24, 1);
  layout.add(7, 0);
  layout.add(0, 2);
  layout.add(12, 2);
  CHECK(layout.runs.size() == 4);
  const Bytes bytes = counted(10);
  Bytes there(10), back(10);
  gather(layout, bytes, there);
  CHECK(there == Bytes({0, 1, 6, 7, 8, 9, 2, 3, 4, 5}));
  scatter(layout, there, back);
  CHECK(back == bytes);

  const Bytes table = encode_layout(layout);
  CHECK(encode_layout(decode_layout(table, 10)) == table);
  CHECK_THROWS_AS(decode_layout(table, 9), FileError);
  CHECK_THROWS_AS(decode_layout(table, 11), FileError);
  CHECK_THROWS_AS(decode_layout(Bytes(table.begin(), table.end() - 1), 10), FileError);
  Bytes huge = table;
  huge[8] = 0xFF;
  CHECK_THROWS_AS(decode_layout(huge, 10), FileError);
}

TEST_CASE("archives are little-endian and tell what is alike") {
  ArchiveWriter out;
  out.value(static_cast<std::uint32_t>(0x01020304));
  out.vector(std::vector<double>{1.0});
  out.vector(std::vector<Pair>{{1, 2, 3}});
  const Bytes expected{4,    3,    2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                       0xF0, 0x3F, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 3, 0};
  CHECK(out.bytes() == expected);
  ByteLayout layout;
  ArchiveReader in(out.bytes(), &layout);
  std::vector<double> numbers;
  std::vector<Pair> pairs;
  CHECK(in.value<std::uint32_t>() == 0x01020304u);
  in.vector(numbers);
  in.vector(pairs);
  in.finish();
  CHECK(numbers == std::vector<double>{1.0});
  CHECK(pairs[0].c == 3);
  REQUIRE(layout.runs.size() == 4);
  CHECK(layout.runs[0].size == 12);
  CHECK(layout.runs[1].size == 8);
  CHECK(layout.runs[1].stream != layout.runs[3].stream);
}

TEST_CASE("only what has no padding and can be reversed travels as bytes") {
  CHECK(TravelsAsBytes<double>::value);
  CHECK(TravelsAsBytes<Pair>::value);
  CHECK_FALSE(TravelsAsBytes<Padded>::value);
  CHECK_FALSE(TravelsAsBytes<Foreign>::value);
  Pair pair{0x01020304, 0x0506, 0x0708};
  reverse_bytes(pair);
  CHECK(pair.a == 0x04030201u);
  CHECK(pair.b == 0x0605u);
  double x = 1.0;
  reverse_bytes(x);
  reverse_bytes(x);
  CHECK(x == 1.0);
}
