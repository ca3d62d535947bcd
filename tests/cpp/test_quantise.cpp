#include <algorithm>
#include <cmath>
#include <limits>

#include "catch.h"
#include "core/data/radix_sort.h"
#include "core/forest/quantise.h"
#include "core/generate/sequential.h"
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

namespace {

// A sparse column of what a dense one holds beside zeros, and its memory.
struct Stored {
  std::vector<double> values;
  std::vector<int> at;
  explicit Stored(const std::vector<double>& x) {
    for (std::size_t i = 0; i < x.size(); ++i)
      if (!(x[i] == 0.0)) values.push_back(x[i]), at.push_back(static_cast<int>(i));
  }
};

}  // namespace

TEST_CASE("a sparse column gets the bins and codes of the dense one") {
  Stream stream(3, StreamTag::test, 0);
  // Share stored, share of missing among them, and whether they are many values or four.
  const double kinds[][3] = {{.1, 0, 1}, {.5, .1, 1}, {1, 0, 1}, {.2, .2, 0}, {0, 0, 1}, {1, 1, 0}};
  for (const auto& kind : kinds) {
    for (int max_bins : {2, 16, 255}) {
      std::vector<double> x(3000);
      for (double& value : x) {
        const double z = stream.normal();
        if (stream.uniform() < kind[0]) value = kind[2] > 0 ? z : std::round(z) + .25;
        if (value != 0.0 && stream.uniform() < kind[1]) value = std::nan("");
      }
      const Stored stored(x);
      Frame dense(x.size()), sparse(x.size());
      dense.add(Column::numeric(x));
      sparse.add(Column::sparse(stored.values, stored.at, x.size()));
      const Quantiser of_dense = Quantiser::learn(dense, max_bins, Execution{});
      const Quantiser of_sparse = Quantiser::learn(sparse, max_bins, Execution{});
      CHECK(of_sparse.columns()[0].cuts == of_dense.columns()[0].cuts);
      CHECK(of_sparse.columns()[0].bins == of_dense.columns()[0].bins);
      const CodedFrame codes = of_dense.encode(dense, Execution{});
      const CodedFrame same = of_dense.encode(sparse, Execution{});
      CHECK(same.columns[0].narrow == codes.columns[0].narrow);
      CHECK(same.columns[0].missing == codes.columns[0].missing);
      CodedFrame with_centres = codes, same_centres = same;
      Quantiser::find_centres(dense, with_centres, Execution{});
      Quantiser::find_centres(sparse, same_centres, Execution{});
      CHECK(same_centres.columns[0].centres == with_centres.columns[0].centres);
      for (std::size_t i = 0; i < x.size(); i += 97)
        CHECK(of_dense.columns()[0].code(sparse[0], i) == codes.columns[0][i]);
    }
  }
}

TEST_CASE("sparse columns: rows must ascend, and are the quantiser's alone") {
  const std::vector<double> values{1, 2};
  const std::vector<int> beyond{0, 5}, twice{1, 1}, falling{2, 0}, negative{-1, 2}, fine{0, 4};
  for (const auto& at : {beyond, twice, falling, negative})
    CHECK_THROWS_AS(Column::sparse(values, at, 5), std::invalid_argument);
  CHECK_THROWS_AS(Column::sparse(values, std::vector<int>{1}, 5), std::invalid_argument);
  Frame frame(5);
  frame.add(Column::sparse(values, fine, 5));
  CHECK(frame[0].number(0) == 1.0);
  CHECK(frame[0].number(3) == 0.0);
  CHECK(frame[0].number(4) == 2.0);
  CHECK_FALSE(frame[0].missing(3));
  CHECK_THROWS_AS(frame.require_dense(), std::invalid_argument);
  CHECK_THROWS_AS(SequentialGenerator::fit(frame, GeneratorOptions{}, Execution{}),
                  std::invalid_argument);
}
