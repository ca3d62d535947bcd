#include "sequential.h"

#include <algorithm>

namespace causalsynth {
namespace {

constexpr std::size_t kBlockRows = 2048;

// Whether the scale of normal scores suits a column as a predictor: skewed, or with far values.
bool wants_scores(const ColumnMargin& margin) {
  const auto& x = margin.spread().values;
  if (x.size() < 10) return false;
  const double low = margin.law().value(-1.645), middle = margin.law().value(0.0),
               high = margin.law().value(1.645);
  const double left = middle - low, right = high - middle;
  const double reach = std::max(margin.high() - middle, middle - margin.low());
  return left > 1.6 * right || right > 1.6 * left || reach > 3.0 * (high - low);
}

}  // namespace

RowBlock::RowBlock(std::size_t rows, const std::vector<ColumnMargin>& margins)
    : value_(margins.size()), scaled_(margins.size()), code_(margins.size()) {
  view_.rows = rows;
  for (std::size_t j = 0; j < margins.size(); ++j) {
    value_[j].resize(rows);
    if (!margins[j].factor()) scaled_[j].resize(rows);
    code_[j].resize(rows);
    view_.value.push_back(value_[j].data());
    view_.scaled.push_back(scaled_[j].empty() ? nullptr : scaled_[j].data());
    view_.code.push_back(code_[j].data());
  }
}

void RowBlock::refresh(std::size_t j, const ColumnMargin& margin) {
  const double* value = value_[j].data();
  std::uint16_t* code = code_[j].data();
  if (margin.factor()) {
    for (std::size_t i = 0; i < view_.rows; ++i) code[i] = static_cast<std::uint16_t>(value[i]);
    return;
  }
  double* scaled = scaled_[j].data();
  const bool spikes = margin.continuous() && !margin.atoms().empty();
  for (std::size_t i = 0; i < view_.rows; ++i) {
    code[i] = margin.code(value[i]);
    const bool number = value[i] == value[i] && !(spikes && margin.is_atom(value[i]));
    scaled[i] = number ? margin.scale(value[i]) : std::nan("");
  }
}

SequentialGenerator SequentialGenerator::fit(const Frame& data, const GeneratorOptions& options,
                                             const Execution& execution) {
  options.validate(data.rows(), data.cols());
  require(data.rows() >= 1 && data.cols() >= 1,
          "a generator needs at least one row and one column");
  data.require_dense();
  const std::size_t n = data.rows(), p = data.cols();
  SequentialGenerator result;
  result.margins_.resize(p);
  result.laws_.resize(p);
  Execution quiet = execution;
  if (execution.poll) quiet.poll = [&](double share) { execution.poll(0.1 * share); };
  parallel_for(p, quiet, [&](std::size_t j, const CancelFlag&) {
    Stream stream(options.key, StreamTag::generator, j);
    result.margins_[j] = ColumnMargin::learn(data[j], options, j, stream);
    ColumnMargin& margin = result.margins_[j];
    if (margin.continuous()) margin.set_scored(wants_scores(margin));
  });
  RowBlock block(n, result.margins_);
  if (execution.poll) quiet.poll = [&](double share) { execution.poll(0.1 + 0.9 * share); };
  parallel_for(p, quiet, [&](std::size_t j, const CancelFlag&) {
    for (std::size_t i = 0; i < n; ++i) block.values(j)[i] = cell_value(data[j], i);
    block.refresh(j, result.margins_[j]);
  });
  parallel_for(p, quiet, [&](std::size_t unit, const CancelFlag& cancel) {
    cancel.check();
    const std::size_t j = p - 1 - unit;  // the longest first
    const ColumnMargin& margin = result.margins_[j];
    std::vector<int> classes(n);
    for (std::size_t i = 0; i < n; ++i) classes[i] = margin.class_of(block.view().value[j][i]);
    LawInput input{result.margins_, j, block.view(), options,
                   derive_key(options.key, static_cast<std::uint64_t>(StreamTag::generator), j)};
    result.laws_[j].classes = ClassLaw::fit(input, classes);
    input.key = mix64(input.key);
    if (margin.continuous()) result.laws_[j].numbers = NumberLaw::fit(input);
  });
  for (ColumnMargin& margin : result.margins_) margin.forget();
  return result;
}

void SequentialGenerator::draw_column(std::size_t j, RowBlock& block, Stream& stream) const {
  const ColumnMargin& margin = margins_[j];
  std::vector<std::uint16_t> drawn;
  laws_[j].classes.draw(block.view(), stream, drawn);
  double* value = block.values(j);
  const std::size_t atoms = margin.atoms().size();
  std::vector<std::uint32_t> rows;
  for (std::uint32_t i = 0; i < drawn.size(); ++i) {
    if (drawn[i] < atoms)
      value[i] = margin.atoms()[drawn[i]];
    else if (margin.continuous() && drawn[i] == margin.number_class())
      rows.push_back(i);
    else
      value[i] = margin.missing_value();
  }
  if (!rows.empty()) {
    std::vector<double> numbers(rows.size());
    laws_[j].numbers.draw(margin, block.view(), rows, stream, numbers.data());
    for (std::size_t k = 0; k < rows.size(); ++k) value[rows[k]] = margin.rounded(numbers[k]);
  }
  block.refresh(j, margin);
}

void SequentialGenerator::draw(std::size_t n, std::uint64_t key, const std::vector<double*>& out,
                               const Execution& execution) const {
  require(out.size() == laws_.size(), "as many outputs as columns");
  const RowBlocks blocks{n, kBlockRows};
  parallel_for(blocks.count(), execution, [&](std::size_t b, const CancelFlag& cancel) {
    cancel.check();
    Stream stream(key, StreamTag::rows, b);
    const std::size_t begin = blocks.begin(b), rows = blocks.end(b) - begin;
    RowBlock block(rows, margins_);
    for (std::size_t j = 0; j < laws_.size(); ++j) {
      draw_column(j, block, stream);
      std::copy(block.values(j), block.values(j) + rows, out[j] + begin);
    }
  });
}

std::vector<unsigned char> SequentialGenerator::pack() const {
  ArchiveWriter out;
  out.value(static_cast<std::uint64_t>(laws_.size()));
  for (const ColumnMargin& margin : margins_) margin.pack(out);
  for (std::size_t j = 0; j < laws_.size(); ++j) {
    laws_[j].classes.pack(out);
    if (margins_[j].continuous()) laws_[j].numbers.pack(out);
  }
  return out.bytes();
}

SequentialGenerator SequentialGenerator::unpack(Span<const unsigned char> bytes,
                                                ByteLayout* layout) {
  ArchiveReader in(bytes, layout);
  SequentialGenerator result;
  const std::size_t columns = in.count();
  for (std::size_t j = 0; j < columns; ++j) result.margins_.push_back(ColumnMargin::unpack(in));
  result.laws_.resize(columns);
  for (std::size_t j = 0; j < columns; ++j) {
    result.laws_[j].classes = ClassLaw::unpack(in, result.margins_, j);
    if (result.margins_[j].continuous())
      result.laws_[j].numbers = NumberLaw::unpack(in, result.margins_, j);
  }
  in.finish();
  return result;
}

}  // namespace causalsynth
