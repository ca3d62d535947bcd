#include "sequential.h"

namespace causalsynth {
namespace {

constexpr std::size_t kBlockRows = 2048;

// The share done of the whole fit, from the share done of one column.
Execution part_of(const Execution& execution, std::size_t column, std::size_t columns) {
  Execution part = execution;
  part.poll = [&execution, column, columns](double share) {
    if (execution.poll)
      execution.poll((static_cast<double>(column) + share) / static_cast<double>(columns));
  };
  return part;
}

}  // namespace

SequentialGenerator SequentialGenerator::fit(const Frame& data, const GeneratorOptions& options,
                                             const Execution& execution) {
  options.validate();
  require(data.rows() >= 1 && data.cols() >= 1,
          "a generator needs at least one row and one column");
  data.require_dense();
  SequentialGenerator result;
  for (std::size_t j = 0; j < data.cols(); ++j)
    result.laws_.push_back(ColumnLaw::fit(data, j, options, part_of(execution, j, data.cols())));
  return result;
}

void SequentialGenerator::draw(std::size_t n, std::uint64_t key, const std::vector<double*>& out,
                               const Execution& execution) const {
  require(out.size() == laws_.size(), "as many outputs as columns");
  const RowBlocks blocks{n, kBlockRows};
  parallel_for(blocks.count(), execution, [&](std::size_t b, const CancelFlag& cancel) {
    cancel.check();
    Stream stream(key, StreamTag::rows, b);
    std::vector<double> row(laws_.size());
    for (std::size_t i = blocks.begin(b); i < blocks.end(b); ++i)
      for (std::size_t j = 0; j < laws_.size(); ++j)
        out[j][i] = row[j] = laws_[j].draw(row.data(), stream);
  });
}

std::vector<unsigned char> SequentialGenerator::pack() const {
  ArchiveWriter out;
  out.value(static_cast<std::uint64_t>(laws_.size()));
  for (const ColumnLaw& law : laws_) law.pack(out);
  return out.bytes();
}

SequentialGenerator SequentialGenerator::unpack(Span<const unsigned char> bytes,
                                                ByteLayout* layout) {
  ArchiveReader in(bytes, layout);
  SequentialGenerator result;
  const std::size_t columns = in.count();
  for (std::size_t j = 0; j < columns; ++j) {
    result.laws_.push_back(ColumnLaw::unpack(in));
    const ColumnLaw& law = result.laws_.back();
    ArchiveReader::require(law.predictors() == j);
    law.check_codes(result.laws_);
  }
  in.finish();
  return result;
}

}  // namespace causalsynth
