#include "quantise.h"

#include <algorithm>

#include "../data/radix_sort.h"

namespace causalsynth {
namespace {

// A number strictly between or equal to the lower of two neighbours, so that low <= cut < high.
double between(double low, double high) {
  const double middle = low + (high - low) / 2;
  return middle < high ? middle : low;
}

// The values that are stored, without the missing ones.
std::vector<double> sorted_numbers(const Column& column) {
  std::vector<double> values;
  values.reserve(column.numbers.size());
  for (double value : column.numbers)
    if (!std::isnan(value)) values.push_back(value);
  radix_sort(values);
  return values;
}

// Cuts at equally filled bins; a heavy value keeps a bin of its own.
std::vector<double> quantile_cuts(const std::vector<double>& sorted, std::size_t max_bins) {
  std::vector<double> cuts;
  const std::size_t n = sorted.size();
  std::size_t begin = 0;
  while (begin < n && cuts.size() + 1 < max_bins) {
    const std::size_t bins_left = max_bins - cuts.size();
    std::size_t end = begin + std::max<std::size_t>(1, (n - begin + bins_left - 1) / bins_left);
    if (end >= n) break;
    const double edge = sorted[end - 1];
    end = std::upper_bound(sorted.begin() + end - 1, sorted.end(), edge) - sorted.begin();
    if (end >= n) {  // the heavy value reaches the top: cut below it if anything is there
      const auto first = std::lower_bound(sorted.begin() + begin, sorted.end(), edge);
      if (first > sorted.begin() + begin) cuts.push_back(between(*(first - 1), *first));
      break;
    }
    cuts.push_back(between(sorted[end - 1], sorted[end]));
    begin = end;
  }
  return cuts;
}

// Cuts between all distinct values; false where these are more than the bins.
bool exact_cuts(const std::vector<double>& sorted, std::size_t max_bins,
                std::vector<double>& cuts) {
  for (std::size_t i = 1; i < sorted.size(); ++i) {
    if (sorted[i] == sorted[i - 1]) continue;
    if (cuts.size() + 1 == max_bins) return false;
    cuts.push_back(between(sorted[i - 1], sorted[i]));
  }
  return true;
}

// Of a sparse column one zero stands for all that are not stored, unless shares must be counted:
// then they are filled in, for this column alone.
std::vector<double> column_cuts(const Column& column, std::size_t max_bins) {
  std::vector<double> values = sorted_numbers(column), cuts;
  std::size_t zeros = column.size() - column.numbers.size();
  const auto insert_zeros = [&](std::size_t count) {
    values.insert(std::lower_bound(values.begin(), values.end(), 0.0), count, 0.0);
    zeros -= count;
  };
  if (zeros > 0) insert_zeros(1);
  if (exact_cuts(values, max_bins, cuts)) return cuts;
  insert_zeros(zeros);
  return quantile_cuts(values, max_bins);
}

// 1 + number of cuts below x, without branches.
std::uint32_t find_code(const double* cuts, std::size_t length, double x) {
  const double* base = cuts;
  while (length > 0) {
    const std::size_t half = (length + 1) / 2;
    base += (base[half - 1] < x) ? half : 0;
    length -= half;
  }
  return static_cast<std::uint32_t>(base - cuts) + 1;
}

// Eight rows' searches take turns, so that their loads do not wait for one another.
template <class Code>
void encode_numbers(const std::vector<double>& cuts, Span<const double> x, Code* out) {
  constexpr std::size_t kLanes = 8;
  const double* all = cuts.data();
  std::size_t i = 0;
  for (; i + kLanes <= x.size(); i += kLanes) {
    std::uint32_t at[kLanes] = {};
    for (std::size_t length = cuts.size(); length > 0;) {
      const std::size_t half = (length + 1) / 2;
      for (std::size_t lane = 0; lane < kLanes; ++lane)
        at[lane] += static_cast<std::uint32_t>(half) *
                    static_cast<std::uint32_t>(all[at[lane] + half - 1] < x[i + lane]);
      length -= half;
    }
    for (std::size_t lane = 0; lane < kLanes; ++lane)
      out[i + lane] = static_cast<Code>(std::isnan(x[i + lane]) ? 0 : at[lane] + 1);
  }
  for (; i < x.size(); ++i)
    out[i] = static_cast<Code>(std::isnan(x[i]) ? 0 : find_code(all, cuts.size(), x[i]));
}

// Zeros all at once, then the stored values' codes in their places.
template <class Code>
void encode_sparse(const std::vector<double>& cuts, const Column& column, Code* out) {
  const auto code = [&](double x) {
    return static_cast<Code>(std::isnan(x) ? 0 : find_code(cuts.data(), cuts.size(), x));
  };
  std::fill_n(out, column.size(), code(0.0));
  for (std::size_t k = 0; k < column.at.size(); ++k) out[column.at[k]] = code(column.numbers[k]);
}

template <class Code>
void encode_column(const ColumnBins& bins, const Column& column, Code* out) {
  if (column.is_sparse) return encode_sparse(bins.cuts, column, out);
  if (!bins.factor) return encode_numbers(bins.cuts, column.numbers, out);
  for (std::size_t i = 0; i < column.size(); ++i)
    out[i] = static_cast<Code>(column.missing(i) ? 0 : column.codes[i]);
}

// A small frame is not worth the start of threads.
template <class Body>
void each_column(const Frame& frame, const Execution& execution, Body body) {
  if (frame.rows() * frame.cols() > 50000)
    return parallel_for(frame.cols(), execution,
                        [&](std::size_t j, const CancelFlag&) { body(j); });
  for (std::size_t j = 0; j < frame.cols(); ++j) body(j);
}

}  // namespace

std::uint32_t ColumnBins::code(const Column& column, std::size_t row) const {
  if (column.missing(row)) return 0;
  if (factor) return static_cast<std::uint32_t>(column.codes[row]);
  return find_code(cuts.data(), cuts.size(), column.number(row));
}

Quantiser Quantiser::learn(const Frame& frame, int max_bins, const Execution& execution) {
  Quantiser result;
  result.columns_.resize(frame.cols());
  each_column(frame, execution, [&](std::size_t j) {
    ColumnBins& bins = result.columns_[j];
    const Column& column = frame[j];
    bins.factor = column.is_factor();
    if (bins.factor) {
      require(column.levels <= 65534, "a factor has at most 65534 levels");
      bins.bins = static_cast<std::uint32_t>(column.levels);
      return;
    }
    bins.cuts = column_cuts(column, static_cast<std::size_t>(max_bins));
    bins.bins = static_cast<std::uint32_t>(bins.cuts.size()) + 1;
  });
  return result;
}

Quantiser Quantiser::restore(std::vector<ColumnBins> columns) {
  Quantiser result;
  result.columns_ = std::move(columns);
  return result;
}

void Quantiser::check(const Frame& frame) const {
  require(frame.cols() == columns_.size(), "new rows have another number of columns");
  for (std::size_t j = 0; j < columns_.size(); ++j) {
    require(frame[j].is_factor() == columns_[j].factor, "new rows have other kinds of columns");
    if (!columns_[j].factor) continue;
    for (int code : frame[j].codes)
      require(code == kMissingCode ||
                  (code >= 1 && static_cast<std::uint32_t>(code) <= columns_[j].bins),
              "new rows have a level outside the factor");
  }
}

CodedFrame Quantiser::encode(const Frame& frame, const Execution& execution) const {
  check(frame);
  CodedFrame coded;
  coded.rows = frame.rows();
  coded.columns.resize(columns_.size());
  each_column(frame, execution, [&](std::size_t j) {
    const ColumnBins& bins = columns_[j];
    CodedColumn& out = coded.columns[j];
    out.bins = bins.bins;
    out.factor = bins.factor;
    out.cuts = bins.cuts;
    if (bins.wide()) {
      out.wide.resize(frame.rows());
      encode_column(bins, frame[j], out.wide.data());
      out.missing = std::find(out.wide.begin(), out.wide.end(), 0) != out.wide.end();
    } else {
      out.narrow.resize(frame.rows());
      encode_column(bins, frame[j], out.narrow.data());
      out.missing = std::find(out.narrow.begin(), out.narrow.end(), 0) != out.narrow.end();
    }
  });
  return coded;
}

void Quantiser::find_centres(const Frame& frame, CodedFrame& coded, const Execution& execution) {
  each_column(frame, execution, [&](std::size_t j) {
    CodedColumn& column = coded.columns[j];
    if (column.factor) return;
    std::vector<double> sums(column.bins + 1, 0.0), counts(column.bins + 1, 0.0);
    frame[j].each_number([&](std::size_t i, double x) {
      const std::uint32_t code = column[i];
      if (code == 0) return;
      counts[code] += 1.0;
      sums[code] += (x - sums[code]) / counts[code];  // a running mean
    });
    column.centres = std::move(sums);
  });
}

}  // namespace causalsynth
