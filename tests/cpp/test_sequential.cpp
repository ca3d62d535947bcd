#include <algorithm>
#include <cmath>

#include "catch.h"
#include "core/generate/conditional.h"
#include "core/generate/sequential.h"
#include "core/random/stream.h"

using namespace causalsynth;

namespace {

struct Rows {
  std::vector<double> x, y, gap;
  std::vector<int> level;
  explicit Rows(std::size_t n) {
    Stream stream(9, StreamTag::test, n);
    for (std::size_t i = 0; i < n; ++i) {
      level.push_back(stream.uniform() < .25 ? kMissingCode
                                             : 1 + static_cast<int>(stream.below(3)));
      x.push_back(stream.normal());
      y.push_back(x[i] + .5 * stream.normal());
      gap.push_back(level[i] == 2 ? std::nan("") : stream.uniform());
    }
  }
  Frame frame() const {
    Frame f(x.size());
    f.add(Column::factor(level, 3));
    f.add(Column::numeric(x));
    f.add(Column::numeric(y));
    f.add(Column::numeric(gap));
    return f;
  }
};

using Table = std::vector<std::vector<double>>;
Table draw(const SequentialGenerator& generator, std::size_t n, std::uint64_t key, int threads) {
  Table table(generator.columns(), std::vector<double>(n));
  std::vector<double*> out;
  for (auto& column : table) out.push_back(column.data());
  Execution execution;
  execution.threads = threads;
  generator.draw(n, key, out, execution);
  return table;
}

}  // namespace

TEST_CASE("the chain keeps associations and missingness") {
  const Rows rows(2000);
  const auto generator = SequentialGenerator::fit(rows.frame(), GeneratorOptions{}, Execution{});
  const Table t = draw(generator, 20000, 3, 2);
  double sxy = 0, sxx = 0, missing = 0, wrong = 0, absent = 0;
  for (std::size_t i = 0; i < 20000; ++i) {
    sxy += t[1][i] * t[2][i];
    sxx += t[1][i] * t[1][i];
    absent += t[0][i] == 0.0;
    missing += std::isnan(t[3][i]);
    wrong += std::isnan(t[3][i]) != (t[0][i] == 2.0);
  }
  CHECK(sxy / sxx == Approx(1).epsilon(.06));
  CHECK(absent / 20000 == Approx(.25).epsilon(.12));
  CHECK(missing / 20000 == Approx(.25).epsilon(.12));
  CHECK(wrong / 20000 < .05);
}

TEST_CASE("draws do not depend on threads; a key is a draw") {
  const Rows rows(300);
  GeneratorOptions options;
  options.trees = 10;
  const auto generator = SequentialGenerator::fit(rows.frame(), options, Execution{});
  auto same = [](const Table& a, const Table& b) {
    for (std::size_t j = 0; j < a.size(); ++j)
      for (std::size_t i = 0; i < a[j].size(); ++i)
        if (!(a[j][i] == b[j][i] || (std::isnan(a[j][i]) && std::isnan(b[j][i])))) return false;
    return true;
  };
  const Table one = draw(generator, 5000, 3, 1);
  CHECK(same(one, draw(generator, 5000, 3, 2)));
  CHECK(same(one, draw(generator, 5000, 3, 3)));
  CHECK_FALSE(same(one, draw(generator, 5000, 4, 1)));
}

TEST_CASE("numbers stay in range and are new") {
  const Rows rows(500);
  const auto generator = SequentialGenerator::fit(rows.frame(), GeneratorOptions{}, Execution{});
  const Table t = draw(generator, 20000, 3, 2);
  double low = 1e9, high = -1e9;
  for (double v : rows.y) low = std::min(low, v), high = std::max(high, v);
  std::size_t copies = 0;
  for (double v : t[2]) {
    REQUIRE(v >= low);
    REQUIRE(v <= high);
    for (double seed : rows.y) copies += v == seed;
  }
  CHECK(copies == 0);
}

TEST_CASE("a packed generator comes back; damaged bytes never crash") {
  const Rows rows(100);
  GeneratorOptions options;
  options.trees = 3;
  const auto generator = SequentialGenerator::fit(rows.frame(), options, Execution{});
  const std::vector<unsigned char> bytes = generator.pack();
  const SequentialGenerator same = SequentialGenerator::unpack({bytes.data(), bytes.size()});
  CHECK(same.pack() == bytes);
  CHECK_THROWS_AS(SequentialGenerator::unpack({bytes.data(), bytes.size() - 1}),
                  std::runtime_error);
  // The first column's atoms: behind a count, six flags, two whole numbers, a count and a length.
  const std::size_t atoms = 8 + 6 + 8 + 8 + 8;
  REQUIRE(number_at<double>(bytes.data() + atoms + 8) == 2.0);
  for (const double wrong : {1e9, 4.0, 1.5, -1.0, std::nan("")}) {
    std::vector<unsigned char> bad = bytes, number;
    append_number(number, wrong);
    std::copy(number.begin(), number.end(), bad.begin() + atoms + 8);
    CHECK_THROWS_AS(SequentialGenerator::unpack({bad.data(), bad.size()}), std::runtime_error);
  }
  Stream stream(4, StreamTag::test, 0);
  int read = 0;
  for (int mutation = 0; mutation < 2000; ++mutation) {
    std::vector<unsigned char> bad = bytes;
    const auto size = static_cast<std::uint32_t>(bad.size());
    for (std::uint32_t k = 0; k <= stream.below(3); ++k)
      bad[stream.below(size)] ^= static_cast<unsigned char>(1u << stream.below(8));
    try {
      const auto law = SequentialGenerator::unpack({bad.data(), bad.size()});
      if (law.columns() == 4) draw(law, 20, 3, 1);
      ++read;
    } catch (const std::exception&) {
    }
  }
  CHECK(read > 0);
}

TEST_CASE("given columns are kept, and others follow them") {
  const Rows rows(1500);
  const auto generator = SequentialGenerator::fit(rows.frame(), GeneratorOptions{}, Execution{});
  const std::size_t n = 2000;
  Table table(4, std::vector<double>(n));
  std::vector<double*> out;
  for (auto& column : table) out.push_back(column.data());
  std::vector<GivenColumn> given(4);
  given[2].kind = GivenColumn::Kind::range;
  given[2].low = 0.5;
  given[2].high = 1.0;
  REQUIRE(draw_given(generator, given, 7, out, n, Execution{}) == 0);
  double sum = 0.0;
  for (std::size_t i = 0; i < n; ++i) {
    REQUIRE(table[2][i] >= 0.5);
    REQUIRE(table[2][i] <= 1.0);
    sum += table[1][i];
  }
  // y = x + N(0, .25), y about .74: E(x | y) = y / 1.25.
  CHECK(sum / n == Approx(0.59).margin(0.06));
  given[2].low = 90.0;
  given[2].high = 91.0;
  CHECK(draw_given(generator, given, 7, out, n, Execution{}) == n);
}
