#include <algorithm>
#include <cmath>
#include <limits>

#include "catch.h"
#include "core/data/radix_sort.h"
#include "core/forest/quantise.h"
#include "core/random/stream.h"

using namespace causalsynth;

TEST_CASE("radix sort orders every kind of double") {
  Stream stream(1, StreamTag::test, 0);
  for (std::size_t n : {0, 1, 5, 3000, 20000}) {
    std::vector<double> x(n);
    for (double& value : x)
      value = stream.normal() * std::pow(10.0, 300.0 * (stream.uniform() - .5));
    if (n > 4) {
      x[0] = -std::numeric_limits<double>::max();
      x[1] = std::numeric_limits<double>::denorm_min();
      x[2] = -0.0;
      x[3] = 0.0;
    }
    std::vector<double> expected = x;
    std::sort(expected.begin(), expected.end());
    radix_sort(x);
    CHECK(x == expected);
  }
}

TEST_CASE("few distinct values keep a bin each") {
  const std::vector<double> x{3, 1, 2, 2, std::nan(""), 1, 7};
  Frame frame(x.size());
  frame.add(Column::numeric(x));
  const Quantiser quantiser = Quantiser::learn(frame, 255, Execution{});
  CHECK(quantiser.columns()[0].bins == 4);
  const CodedFrame coded = quantiser.encode(frame, Execution{});
  const std::vector<std::uint8_t> expected{3, 1, 2, 2, 0, 1, 4};
  CHECK(coded.columns[0].narrow == expected);
}

TEST_CASE("many values: bins are filled alike, order is kept, heavy values keep their own") {
  Stream stream(2, StreamTag::test, 0);
  std::vector<double> x(10000);
  for (double& value : x) value = stream.uniform() < .3 ? 0.0 : stream.normal();
  Frame frame(x.size());
  frame.add(Column::numeric(x));
  const Quantiser quantiser = Quantiser::learn(frame, 64, Execution{});
  CHECK(quantiser.columns()[0].bins <= 64);
  CHECK(quantiser.columns()[0].bins >= 40);
  const CodedFrame coded = quantiser.encode(frame, Execution{});
  std::vector<int> counts(65, 0);
  std::uint32_t zero = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    ++counts[coded.columns[0][i]];
    if (x[i] == 0.0) zero = coded.columns[0][i];
  }
  CHECK(counts[0] == 0);
  for (std::size_t c = 1; c < counts.size(); ++c)
    if (c != zero) CHECK(counts[c] < 500);
  for (std::size_t i = 1; i < x.size(); ++i)
    if (x[i - 1] < x[i]) REQUIRE(coded.columns[0][i - 1] <= coded.columns[0][i]);
}

TEST_CASE("unknown levels and other columns are refused") {
  const std::vector<int> codes{1, 2, 3}, beyond{1, 2, 4};
  Frame frame(3), other(3), number(3);
  frame.add(Column::factor(codes, 3));
  other.add(Column::factor(beyond, 4));
  const std::vector<double> x{1, 2, 3};
  number.add(Column::numeric(x));
  const Quantiser quantiser = Quantiser::learn(frame, 255, Execution{});
  CHECK_THROWS_AS(quantiser.encode(other, Execution{}), std::invalid_argument);
  CHECK_THROWS_AS(quantiser.encode(number, Execution{}), std::invalid_argument);
  CHECK_THROWS_AS(quantiser.encode(Frame(3), Execution{}), std::invalid_argument);
}
