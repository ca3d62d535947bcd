#include <algorithm>
#include <cmath>

#include "catch.h"
#include "core/base/bits.h"
#include "core/data/small_sort.h"
#include "core/forest/split.h"
#include "core/forest/targets.h"
#include "core/random/stream.h"

using namespace causalsynth;

namespace {

struct Rows {
  CodedColumn column;
  std::vector<double> y;
  std::vector<std::uint32_t> weight;
  Rows(std::size_t n, std::uint32_t bins, bool factor, bool missing, std::uint64_t key) {
    Stream stream(key, StreamTag::test, n * 1000 + bins);
    column.bins = bins;
    column.factor = factor;
    column.missing = missing;
    for (std::size_t i = 0; i < n; ++i) {
      const std::uint32_t code = missing && stream.below(5) == 0 ? 0 : 1 + stream.below(bins);
      if (bins > 255)
        column.wide.push_back(static_cast<std::uint16_t>(code));
      else
        column.narrow.push_back(static_cast<std::uint8_t>(code));
      y.push_back(stream.below(2));
      weight.push_back(1 + stream.below(3));
    }
  }
};

struct Sums {
  double s = 0, w = 0;
};

double score(const Sums& left, const Sums& all, double least) {
  const double rest = all.w - left.w;
  if (left.w < least || rest < least || left.w == 0 || rest == 0) return -1;
  const double d = left.s * all.w - all.s * left.w;
  return d * d / (left.w * rest);
}

// The best score over all cuts (missing on either side), or over all subsets of a factor's levels.
double brute_force(const Rows& rows, double least) {
  const std::size_t n = rows.y.size();
  Sums all;
  for (std::size_t i = 0; i < n; ++i)
    all = {all.s + rows.weight[i] * rows.y[i], all.w + rows.weight[i]};
  double best = -1;
  auto try_right = [&](auto goes_right) {
    Sums left;
    for (std::size_t i = 0; i < n; ++i)
      if (!goes_right(rows.column[i]))
        left = {left.s + rows.weight[i] * rows.y[i], left.w + rows.weight[i]};
    best = std::max(best, score(left, all, least));
  };
  if (rows.column.factor) {
    for (std::uint32_t set = 1; set < 1u << (rows.column.bins + 1); ++set)
      try_right([set](std::uint32_t code) { return (set >> code) & 1; });
    return best;
  }
  for (std::uint32_t cut = 0; cut <= rows.column.bins; ++cut)
    for (bool missing_right : {false, true})
      try_right([=](std::uint32_t code) { return code == 0 ? missing_right : code > cut; });
  return best;
}

// What the search finds, and whether its split has the score and the weight that it tells.
template <class Target>
void check_search(const Rows& rows, double least) {
  const Target target(rows.y);
  std::vector<typename Target::Sample> samples;
  Sums all;
  for (std::uint32_t i = 0; i < rows.y.size(); ++i) {
    samples.push_back(target.sample(i, rows.weight[i]));
    all = {all.s + rows.weight[i] * rows.y[i], all.w + rows.weight[i]};
  }
  typename Target::Cell cell{};
  for (const auto& s : samples) target.add(&cell, s);
  double sum;
  target.sums(&cell, &sum);
  const std::vector<CodedColumn> columns{rows.column};
  SplitSearch<Target> search(target, columns, SplitRule::best);
  Stream stream(1, StreamTag::test, 0);
  Split best;
  best.left_sums.resize(1);
  const NodeSummary node{&sum, all.w, least};
  auto look = [&](const auto& codes) {
    return search.improve(codes.data(), samples.data(), samples.size(), rows.column, 0, node,
                          stream, best);
  };
  for (int again = 0; again < 2; ++again) {  // the search leaves nothing behind
    best.score = -1;
    if (rows.column.is_wide())
      look(rows.column.wide);
    else
      look(rows.column.narrow);
  }
  const double scale = all.w == 0 ? 1 : all.w * all.w;
  // Sums of a mean are of the centred and scaled outcome: (y - 1/2) here, half the spread.
  const double expected = brute_force(rows, least);
  const double unit = std::is_same<Target, MeanTarget>::value && best.score > 0
                          ? target.value(1.0) - target.value(0.0)
                          : 1.0;
  const double found = best.score * unit * unit;
  // Packed scores are of single precision.
  const double close =
      sizeof(typename Target::Cell) == 4 ? 1e-6 * std::fabs(expected) : 1e-9 * scale;
  CHECK(std::fabs(found - expected) <= std::max(close, 1e-9 * scale));
  if (!best.found()) return;
  double left = 0;
  for (std::size_t i = 0; i < rows.y.size(); ++i) {
    const std::uint32_t code = rows.column[i];
    const bool right = best.factor ? std::find(best.right_codes.begin(), best.right_codes.end(),
                                               code) != best.right_codes.end()
                                   : (code == 0 ? best.missing_right : code > best.cut);
    if (!right) left += rows.weight[i];
  }
  CHECK(left == best.left_weight);
}

}  // namespace

TEST_CASE("sorting networks sort") {
  Stream stream(1, StreamTag::test, 0);
  for (std::size_t n = 0; n <= kSmallSort; ++n)
    for (int times = 0; times < 200; ++times) {
      std::uint32_t x[kSmallSort];
      std::vector<std::uint32_t> y;
      for (std::size_t i = 0; i < n; ++i) y.push_back(x[i] = stream.below(6));
      std::sort(y.begin(), y.end());
      sort_few(x, n);
      CHECK(std::equal(y.begin(), y.end(), x));
    }
}

TEST_CASE("bytes become bits") {
  Stream stream(2, StreamTag::test, 0);
  for (int times = 0; times < 100; ++times) {
    unsigned char bytes[64];
    std::uint64_t word = 0;
    for (int k = 0; k < 64; ++k) {
      bytes[k] = static_cast<unsigned char>(stream.below(2));
      word |= std::uint64_t{bytes[k]} << k;
    }
    CHECK(pack_bytes(bytes) == word);
  }
}

TEST_CASE("the best split is the best of all cuts and subsets") {
  for (std::size_t n : {2, 3, 5, 8, 9, 20, 60, 400})
    for (std::uint64_t key = 0; key < 6; ++key)
      for (bool missing : {false, true})
        for (double least : {1.0, 4.0}) {
          for (std::uint32_t bins : {2u, 3u, 7u, 200u, 300u}) {
            check_search<BinaryTarget<std::uint32_t>>(Rows(n, bins, false, missing, key), least);
            check_search<BinaryTarget<std::uint64_t>>(Rows(n, bins, false, missing, key), least);
            check_search<MeanTarget>(Rows(n, bins, false, missing, key), least);
          }
          if (least == 1.0)
            check_search<BinaryTarget<std::uint32_t>>(Rows(n, 5, true, missing, key), least);
        }
}
