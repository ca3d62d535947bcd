// The row language model: a network over the cells of rows (row_network.h) that was trained on
// rows in random orders of their columns. Holds weights and the columns' laws, no row.
#pragma once
#include <cstdint>
#include <vector>

#include "row_codec.h"

namespace causalsynth {

// How classes are drawn from their log probabilities.
struct DrawOptions {
  double temperature = 1.0;  // log probabilities are divided by it
  double top_p = 1.0;        // the likeliest classes that have so much probability together
  void validate() const;
};

struct RowRequest {
  std::size_t rows = 0;
  // One a column of the data, or empty: nothing given. Of `value`, a missing one is drawn.
  std::vector<GivenColumn> given;
  bool fill_missing = false;  // never draw "missing" where a column has other classes
};

class RowLm {
 public:
  RowLm(RowCodec codec, const TransformerShape& shape, std::size_t context, Stream& stream);

  const RowCodec& codec() const { return codec_; }
  RowNetwork<float>& network() { return network_; }
  const RowNetwork<float>& network() const { return network_; }
  std::size_t context() const { return context_; }
  // Cells of the network's columns in a sequence while training.
  std::size_t length() const { return std::min(context_, codec_.active().size()); }

  // Writes rows column by column as SequentialGenerator::draw() does; blocks of rows have their own
  // streams. Given values come first in a row's order, then columns given as ranges or codes
  // (where these are two or more, each row is picked among kRowCandidates beginnings by the
  // probability of what is given), then the others, in the data's order. Returns the number of
  // rows for which nothing allowed was likely: their values mean nothing.
  std::size_t draw(const RowRequest& request, const DrawOptions& options, std::uint64_t key,
                   const std::vector<double*>& out, const Execution& execution) const;
  // Log density of rows: over columns of classes a probability, over numbers a density. In the
  // data's order, or, for orders > 0, of the mean density over so many random orders.
  void log_prob(const Frame& data, std::size_t orders, std::uint64_t key, Span<double> out,
                const Execution& execution) const;

  std::vector<unsigned char> pack() const;
  static RowLm unpack(Span<const unsigned char> bytes, ByteLayout* layout = nullptr);

 private:
  std::size_t block_rows() const;
  RowCodec codec_;
  std::size_t context_;
  RowNetwork<float> network_;
};

constexpr std::size_t kRowCandidates = 16;

}  // namespace causalsynth
