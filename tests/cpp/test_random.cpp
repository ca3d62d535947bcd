#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <set>
#include <vector>

#include "catch.h"
#include "core/random/philox.h"
#include "core/random/stream.h"

using namespace causalsynth;

TEST_CASE("Philox4x32-10 gives the known answers of Random123") {
  const PhiloxBlock zero{0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u};
  CHECK(philox4x32({0, 0, 0, 0}, 0, 0) == zero);
  const std::uint32_t f = 0xffffffffu;
  const PhiloxBlock ones{0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu};
  CHECK(philox4x32({f, f, f, f}, f, f) == ones);
  const PhiloxBlock pi{0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u};
  CHECK(philox4x32({0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u}, 0xa4093822u,
                   0x299f31d0u) == pi);
}

TEST_CASE("uniforms lie strictly inside (0, 1) and have the right moments") {
  Stream stream(1, StreamTag::test, 0);
  const int n = 1000000;
  double sum = 0, squares = 0, low = 1, high = 0;
  for (int i = 0; i < n; ++i) {
    const double u = stream.uniform();
    low = std::min(low, u);
    high = std::max(high, u);
    sum += u;
    squares += u * u;
  }
  CHECK(low > 0.0);
  CHECK(high < 1.0);
  CHECK(std::fabs(sum / n - 0.5) < 4 * std::sqrt(1.0 / 12 / n));
  CHECK(std::fabs(squares / n - 1.0 / 3) < 4 * std::sqrt(4.0 / 45 / n));
}

TEST_CASE("normal draws have the right moments") {
  Stream stream(2, StreamTag::test, 0);
  const int n = 1000000;
  double s1 = 0, s2 = 0, s4 = 0;
  for (int i = 0; i < n; ++i) {
    const double z = stream.normal();
    s1 += z;
    s2 += z * z;
    s4 += z * z * z * z;
  }
  CHECK(std::fabs(s1 / n) < 4 / std::sqrt(n));
  CHECK(std::fabs(s2 / n - 1) < 4 * std::sqrt(2.0 / n));
  CHECK(std::fabs(s4 / n - 3) < 4 * std::sqrt(96.0 / n));
}

TEST_CASE("normal_quantile equals known values") {
  CHECK(normal_quantile(0.5) == 0.0);
  CHECK(normal_quantile(0.975) == Approx(1.959963984540054).epsilon(1e-14));
  CHECK(normal_quantile(0.025) == Approx(-1.959963984540054).epsilon(1e-14));
  CHECK(normal_quantile(1e-3) == Approx(-3.090232306167813).epsilon(1e-14));
  CHECK(normal_quantile(1e-10) == Approx(-6.361340902404056).epsilon(1e-14));
  CHECK(normal_quantile(1e-300) == Approx(-37.047096299361201).epsilon(1e-14));
  CHECK(normal_quantile(0.0) == -std::numeric_limits<double>::infinity());
  CHECK(normal_quantile(1.0) == std::numeric_limits<double>::infinity());
  CHECK(std::isnan(normal_quantile(-0.1)));
  CHECK(std::isnan(normal_quantile(std::nan(""))));
}

TEST_CASE("normal_quantile inverts the distribution function") {
  for (double p = 0.001; p < 1; p += 0.001) {
    const double back = 0.5 * std::erfc(-normal_quantile(p) / std::sqrt(2.0));
    CHECK(std::fabs(back - p) < 1e-14);
  }
}

TEST_CASE("below is unbiased, also where the bound does not divide 2^32") {
  for (std::uint32_t bound : {2u, 3u, 7u, 10u}) {
    Stream stream(3, StreamTag::test, bound);
    const int n = 300000;
    std::vector<int> count(bound, 0);
    for (int i = 0; i < n; ++i) ++count[stream.below(bound)];
    double chi2 = 0;
    const double expected = static_cast<double>(n) / bound;
    for (int c : count) chi2 += (c - expected) * (c - expected) / expected;
    CHECK(chi2 < (bound - 1) + 5 * std::sqrt(2.0 * (bound - 1)));
  }
  // With bound 3 * 2^30 a plain multiply would draw the lowest third 1/2, not 1/3, of the time.
  Stream stream(4, StreamTag::test, 0);
  const std::uint32_t bound = 3u << 30;
  int residue = 0;
  const int n = 300000;
  for (int i = 0; i < n; ++i) residue += stream.below(bound) % 3 == 0;
  CHECK(std::fabs(residue / static_cast<double>(n) - 1.0 / 3) < 5 * std::sqrt(2.0 / 9 / n));
}

TEST_CASE("below(1) is 0") {
  Stream stream(5, StreamTag::test, 0);
  for (int i = 0; i < 10; ++i) CHECK(stream.below(1) == 0);
}

TEST_CASE("shuffle is a permutation, and every order of three is as likely") {
  Stream stream(6, StreamTag::test, 0);
  std::vector<int> items(1000);
  for (int i = 0; i < 1000; ++i) items[i] = i;
  stream.shuffle(Span<int>(items));
  CHECK(!std::is_sorted(items.begin(), items.end()));
  std::sort(items.begin(), items.end());
  for (int i = 0; i < 1000; ++i) REQUIRE(items[i] == i);
  std::vector<int> count(27, 0);
  const int n = 60000;
  for (int i = 0; i < n; ++i) {
    std::vector<int> three{0, 1, 2};
    stream.shuffle(Span<int>(three));
    ++count[three[0] * 9 + three[1] * 3 + three[2]];
  }
  for (int c : count) CHECK((c == 0 || std::abs(c - n / 6) < 5 * std::sqrt(n / 6.0)));
  CHECK(std::count(count.begin(), count.end(), 0) == 21);
}

TEST_CASE("choose draws in proportion to the weights and never an empty one") {
  Stream stream(7, StreamTag::test, 0);
  const std::vector<double> cumulative{0.0, 1.0, 1.0, 4.0};  // weights 0, 1, 0, 3
  std::vector<int> count(4, 0);
  for (int i = 0; i < 40000; ++i) ++count[stream.choose(Span<const double>(cumulative))];
  CHECK(count[0] == 0);
  CHECK(count[2] == 0);
  CHECK(std::abs(count[1] - 10000) < 5 * std::sqrt(7500.0));
}

TEST_CASE("streams of seeds 1..50 and their units share nothing") {
  std::set<std::uint64_t> seen;
  std::size_t drawn = 0;
  for (std::uint64_t key = 1; key <= 50; ++key)
    for (std::uint64_t unit = 0; unit < 200; ++unit) {
      Stream stream(key, StreamTag::tree, unit);
      for (int i = 0; i < 4; ++i, ++drawn) seen.insert(stream.bits64());
    }
  CHECK(seen.size() == drawn);
}

TEST_CASE("a stream's tag, unit and key all matter, and it repeats itself") {
  auto first = [](std::uint64_t key, StreamTag tag, std::uint64_t unit) {
    return Stream(key, tag, unit).bits64();
  };
  CHECK(first(1, StreamTag::tree, 2) == first(1, StreamTag::tree, 2));
  CHECK(first(1, StreamTag::tree, 2) != first(2, StreamTag::tree, 1));
  CHECK(first(1, StreamTag::tree, 2) != first(1, StreamTag::fold, 2));
}

TEST_CASE("derive_key is not symmetric in its arguments") {
  std::set<std::uint64_t> seen;
  const std::uint64_t words[3] = {1, 2, 3};
  std::vector<int> order{0, 1, 2};
  do {
    seen.insert(derive_key(words[order[0]], words[order[1]], words[order[2]]));
  } while (std::next_permutation(order.begin(), order.end()));
  CHECK(seen.size() == 6);
  CHECK(derive_key(1, 0, 0) != derive_key(0, 1, 0));
  CHECK(derive_key(1, 0, 0) != derive_key(0, 0, 1));
}

TEST_CASE("four blocks at once are the four blocks one by one") {
  std::uint32_t four[16];
  philox4x32_four({0xFFFFFFF0u, 7u, 123456789u, 0xDEADBEEFu}, 0x9E3779B9u, 42u, four);
  for (std::uint32_t k = 0; k < 4; ++k) {
    const PhiloxBlock one =
        philox4x32({0xFFFFFFF0u + k, 7u, 123456789u, 0xDEADBEEFu}, 0x9E3779B9u, 42u);
    for (int i = 0; i < 4; ++i) CHECK(four[4 * k + i] == one[i]);
  }
}
