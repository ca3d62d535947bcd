#include "byte_tiles.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

namespace causalsynth {
namespace {

constexpr int kTop = 127;             // two gaps fit one byte
constexpr std::size_t kMost = 250;    // columns of a kind that count; the bound holds without others
constexpr int kLargest = 60000;       // of all sums, below 2^16 with the errors
constexpr std::size_t kSample = 5000; // rows that settle the unit
constexpr std::size_t kLook = 8;      // numbers between two looks at the limit

struct Spread {
  double centre = 0.0, width = 0.0;  // median, 5 % to 95 %
};

Spread spread_of(Span<const double> column) {
  const std::size_t step = column.size() / kSample + 1;
  std::vector<double> values;
  for (std::size_t i = 0; i < column.size(); i += step)
    if (!std::isnan(column[i])) values.push_back(column[i]);
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  const std::size_t last = values.size() - 1;
  return {values[last / 2], values[last * 95 / 100] - values[last * 5 / 100]};
}

double levels_of(Span<const double> column) {
  double most = 0.0;
  for (double value : column) most = std::max(most, std::isnan(value) ? 0.0 : value);
  return most;
}

// Ordered by `key`, the largest first, at most kMost.
void rank_columns(std::vector<std::size_t>& columns, const std::vector<double>& key) {
  std::stable_sort(columns.begin(), columns.end(),
                   [&](std::size_t a, std::size_t b) { return key[a] > key[b]; });
  if (columns.size() > kMost) columns.resize(kMost);
}

// A level's byte: 0 where it is missing.
std::uint8_t level_byte(double code) {
  if (std::isnan(code)) return 0;
  const double turn = std::floor(code / 255.0);
  return static_cast<std::uint8_t>(1.0 + std::floor(code - 255.0 * turn));
}

// The row of each word after add_bytes(): even rows first and then odd ones, or the other way round,
// as the processor orders bytes.
unsigned first_lane() {
  const std::uint16_t word = 1;
  std::uint8_t low;
  std::memcpy(&low, &word, 1);
  return low == 1 ? 0 : 1;
}

bool any_within(const Words8* sums, const Words8* limits) {
  const Words8 low = (Words8)(sums[0] <= limits[0]) | (Words8)(sums[1] <= limits[1]);
  std::uint64_t halves[2];
  std::memcpy(halves, &low, sizeof(halves));
  return (halves[0] | halves[1]) != 0;
}

void add_bytes(Words8* sums, Bytes16 bytes) {
  Words8 words;
  std::memcpy(&words, &bytes, sizeof(words));
  sums[0] += words & 0x00FF;
  sums[1] += words >> 8;
}

Bytes16 gap(Bytes16 a, Bytes16 b) { return (a > b ? a : b) - (a > b ? b : a); }

Bytes16 all_equal(std::uint8_t value) { return Bytes16{} + value; }

unsigned bits_of(const Words8* sums, const Words8* limits) {
  const unsigned first = first_lane();
  unsigned bits = 0;
  for (unsigned half = 0; half < 2; ++half)
    for (unsigned i = 0; i < 8; ++i)
      if (sums[half][i] <= limits[half][i]) bits |= 1u << (2 * i + (half ^ first));
  return bits;
}

}  // namespace

ByteScale::ByteScale(const TwoNearestInput& input) : centre(input.reference.cols(), 0.0) {
  std::vector<double> key(centre.size());
  double widest = 0.0;
  for (std::size_t j = 0; j < centre.size(); ++j) {
    if (input.is_factor[j]) {
      factors.push_back(j);
      key[j] = levels_of(input.reference.column(j));
      continue;
    }
    numbers.push_back(j);
    const Spread spread = spread_of(input.reference.column(j));
    centre[j] = spread.centre;
    key[j] = spread.width;
    widest = std::max(widest, spread.width);
  }
  rank_columns(factors, key);
  rank_columns(numbers, key);
  if (widest > 0.0) unit = std::min(unit, std::max(widest / 110.0, 1e-5));
  if (factors.empty()) return;
  const int room = (kLargest - kTop * static_cast<int>(numbers.size())) /
                   static_cast<int>(factors.size());
  weight = static_cast<int>(std::min(std::floor(1.0 / unit), static_cast<double>(room)));
}

void to_bytes(const ByteScale& scale, const MatrixView<const double>& x, std::size_t row,
              ByteRow& result) {
  const std::size_t factors = scale.factors.size(), numbers = scale.numbers.size();
  result.bytes.assign(factors + numbers + numbers % 2, 0);
  result.error = 0.0;
  for (std::size_t k = 0; k < factors; ++k)
    result.bytes[k] = level_byte(x(row, scale.factors[k]));
  for (std::size_t k = 0; k < numbers; ++k) {
    const std::size_t j = scale.numbers[k];
    const double value = x(row, j);
    if (std::isnan(value)) continue;  // byte 0: at most 1 from any other
    const double exact = (value - scale.centre[j]) / scale.unit + 64.0;
    const double held = std::min(std::max(exact, 0.0), static_cast<double>(kTop));
    const double rounded = std::floor(held + 0.5);
    result.bytes[factors + k] = static_cast<std::uint8_t>(rounded);
    result.error += std::fabs(rounded - held);
  }
}

ByteTiles::ByteTiles(const ByteScale& scale, const MatrixView<const double>& reference)
    : factors_(scale.factors.size()),
      numbers_(scale.numbers.size() + scale.numbers.size() % 2),
      cols_(factors_ + numbers_),
      count_((reference.rows() + kLanes - 1) / kLanes),
      weight_(scale.weight),
      bytes_(count_ * cols_, Bytes16{}),
      errors_(2 * count_, Words8{}),
      filled_(count_, 0) {
  ByteRow row;
  for (std::size_t i = 0; i < reference.rows(); ++i) {
    to_bytes(scale, reference, i, row);
    const std::size_t tile = i / kLanes, lane = i % kLanes;
    for (std::size_t k = 0; k < cols_; ++k) bytes_[tile * cols_ + k][lane] = row.bytes[k];
    errors_[2 * tile + ((lane % 2) ^ first_lane())][lane / 2] =
        static_cast<std::uint16_t>(std::ceil(row.error + 1e-6));
    filled_[tile] |= 1u << lane;
  }
}

unsigned ByteTiles::within(std::size_t tile, const std::uint8_t* query, int limit) const {
  const Bytes16* column = bytes_.data() + tile * cols_;
  const auto most = static_cast<std::uint16_t>(std::min(limit, kLargest));
  const Words8 limits[2] = {errors_[2 * tile] + most, errors_[2 * tile + 1] + most};
  Bytes16 mismatches{};
  for (std::size_t k = 0; k < factors_; ++k)
    mismatches -= (Bytes16)(all_equal(query[k]) != column[k]);
  Words8 sums[2] = {};
  add_bytes(sums, mismatches);
  sums[0] *= static_cast<std::uint16_t>(weight_);
  sums[1] *= static_cast<std::uint16_t>(weight_);
  for (std::size_t k = factors_; k < cols_; k += kLook) {
    if (!any_within(sums, limits)) return 0;
    const std::size_t end = std::min(k + kLook, cols_);
    for (std::size_t c = k; c < end; c += 2)
      add_bytes(sums, gap(all_equal(query[c]), column[c]) +
                          gap(all_equal(query[c + 1]), column[c + 1]));
  }
  return any_within(sums, limits) ? bits_of(sums, limits) & filled_[tile] : 0;
}

}  // namespace causalsynth
