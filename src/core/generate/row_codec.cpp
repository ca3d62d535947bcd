#include "row_codec.h"

#include <algorithm>
#include <cmath>

namespace causalsynth {

RowCodec RowCodec::learn(const Frame& data, const GeneratorOptions& options, std::size_t bins,
                         const Execution& execution) {
  data.require_dense();
  options.validate(data.rows(), data.cols());
  require(bins >= 2 && bins <= 10000, "bins must be in 2..10000");
  RowCodec codec;
  codec.bins_ = static_cast<std::uint32_t>(bins);
  codec.margins_.resize(data.cols());
  parallel_for(data.cols(), execution, [&](std::size_t j, const CancelFlag& cancel) {
    cancel.check();
    Stream stream(options.key, StreamTag::row_lm, j);
    codec.margins_[j] = ColumnMargin::learn(data[j], options, j, stream);
    codec.margins_[j].forget();
  });
  codec.count_classes();
  return codec;
}

void RowCodec::count_classes() {
  classes_.clear();
  active_.clear();
  for (std::size_t j = 0; j < margins_.size(); ++j) {
    const ColumnMargin& margin = margins_[j];
    ColumnClasses classes;
    classes.atoms = static_cast<std::uint32_t>(margin.atoms().size());
    classes.bins = margin.continuous() ? bins_ : 0;
    classes.missing = margin.has_missing() ? 1 : 0;
    classes_.push_back(classes);
    if (classes.count() > 1) active_.push_back(static_cast<std::uint32_t>(j));
  }
}

std::vector<ColumnClasses> RowCodec::active_classes() const {
  std::vector<ColumnClasses> result;
  for (const auto j : active_) result.push_back(classes_[j]);
  return result;
}

Cell RowCodec::encode(std::size_t j, double value) const {
  const ColumnMargin& margin = margins_[j];
  Cell cell;
  cell.kind = margin.class_of(value);
  if (cell.kind < 0 || margin.is_missing(value)) {
    if (cell.kind >= 0) cell.kind = static_cast<int>(classes_[j].count()) - 1;
    return cell;
  }
  if (!margin.continuous() || cell.kind != static_cast<int>(margin.number_class())) return cell;
  const double score = margin.law().score(value);
  const auto bin = static_cast<std::uint32_t>(normal_cdf(score) * bins_);
  cell.kind = static_cast<int>(classes_[j].atoms + std::min(bin, bins_ - 1));
  cell.score = static_cast<float>(score);
  return cell;
}

RowCodec::Part RowCodec::part(std::size_t j, int kind, const GivenColumn& given) const {
  const double width = 1.0 / bins_;
  const auto bin = static_cast<double>(kind - static_cast<int>(classes_[j].atoms));
  Part part{bin * width, (bin + 1.0) * width};
  if (given.kind != GivenColumn::Kind::range) return part;
  const ColumnMargin& margin = margins_[j];
  double low = given.low, high = given.high;
  const double step = margin.step();
  if (step > 0.0) {  // what rounds to a value within the range
    low = (std::ceil(low / step - 1e-9) - 0.5) * step;
    high = (std::floor(high / step + 1e-9) + 0.5) * step;
  }
  if (!(high > low) || low > margin.high() || high < margin.low()) return {0.0, 0.0};
  if (low > margin.low()) part.low = std::max(part.low, margin.law().cdf(low));
  if (high < margin.high()) part.high = std::min(part.high, margin.law().cdf(high));
  return part;
}

double RowCodec::allowed(std::size_t j, int kind, const GivenColumn& given) const {
  if (given.kind == GivenColumn::Kind::free) return 1.0;
  const ColumnClasses& classes = classes_[j];
  if (classes.is_bin(kind)) {
    const Part p = part(j, kind, given);
    return std::max(p.high - p.low, 0.0) * bins_;
  }
  if (kind >= static_cast<int>(classes.atoms)) return 0.0;  // missing
  const double value = margins_[j].atoms()[static_cast<std::size_t>(kind)];
  if (given.kind == GivenColumn::Kind::codes)
    return std::find(given.codes.begin(), given.codes.end(), value) != given.codes.end();
  return value >= given.low && value <= given.high;
}

double RowCodec::decode(std::size_t j, int kind, const GivenColumn& given, Stream& stream) const {
  const ColumnClasses& classes = classes_[j];
  const ColumnMargin& margin = margins_[j];
  if (!classes.is_bin(kind))
    return kind < static_cast<int>(classes.atoms) ? margin.atoms()[static_cast<std::size_t>(kind)]
                                                  : margin.missing_value();
  const Part p = part(j, kind, given);
  double value = margin.law().quantile(p.low + (p.high - p.low) * stream.uniform());
  value = margin.rounded(value);
  if (given.kind == GivenColumn::Kind::range)
    value = std::min(std::max(value, given.low), given.high);  // ends that rounding passed
  return value;
}

double RowCodec::log_within(std::size_t j, int kind, double value) const {
  if (!classes_[j].is_bin(kind)) return 0.0;
  return margins_[j].law().log_density(value) + std::log(static_cast<double>(bins_));
}

double RowCodec::constant(std::size_t j) const {
  return margins_[j].atoms().empty() ? margins_[j].missing_value() : margins_[j].atoms()[0];
}

void RowCodec::pack(ArchiveWriter& out) const {
  out.value(bins_);
  out.value(static_cast<std::uint64_t>(margins_.size()));
  for (const ColumnMargin& margin : margins_) margin.pack(out);
}

RowCodec RowCodec::unpack(ArchiveReader& in) {
  RowCodec codec;
  codec.bins_ = in.value<std::uint32_t>();
  ArchiveReader::require(codec.bins_ >= 2 && codec.bins_ <= 10000);
  const std::size_t columns = in.count();
  for (std::size_t j = 0; j < columns; ++j) codec.margins_.push_back(ColumnMargin::unpack(in));
  codec.count_classes();
  return codec;
}

}  // namespace causalsynth
