#include <algorithm>
#include <cmath>

#include "catch.h"
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

TEST_CASE("a packed generator that draws codes beyond a column's levels is refused") {
  const Rows rows(100);
  GeneratorOptions options;
  options.trees = 5;
  const auto generator = SequentialGenerator::fit(rows.frame(), options, Execution{});
  const std::vector<unsigned char> bytes = generator.pack();
  const SequentialGenerator same = SequentialGenerator::unpack({bytes.data(), bytes.size()});
  CHECK(same.pack() == bytes);
  // The first column's atoms: behind two lengths, two flags, the range and their count.
  const std::size_t atoms = 8 + 8 + 2 + 16 + 8;
  REQUIRE(number_at<double>(bytes.data() + atoms + 8) == 2.0);
  for (const double wrong : {1e9, 4.0, 1.5, -1.0, std::nan("")}) {
    std::vector<unsigned char> bad = bytes, number;
    append_number(number, wrong);
    std::copy(number.begin(), number.end(), bad.begin() + atoms + 8);
    CHECK_THROWS_AS(SequentialGenerator::unpack({bad.data(), bad.size()}), std::runtime_error);
  }
}
