// The joint law of mixed columns as a chain of conditional laws, in the order of the columns.
#pragma once
#include <vector>

#include "column_law.h"

namespace causalsynth {

class SequentialGenerator {
 public:
  static SequentialGenerator fit(const Frame& data, const GeneratorOptions& options,
                                 const Execution& execution);

  // Writes n rows column by column (numbers with NaN missing; codes from 1, 0 missing). Blocks of
  // rows have their own streams: the rows do not depend on the threads.
  void draw(std::size_t n, std::uint64_t key, const std::vector<double*>& out,
            const Execution& execution) const;

  std::size_t columns() const { return laws_.size(); }
  std::vector<unsigned char> pack() const;
  // `layout`, if given, notes which bytes are alike (core/base/layout.h).
  static SequentialGenerator unpack(Span<const unsigned char> bytes, ByteLayout* layout = nullptr);

 private:
  std::vector<ColumnLaw> laws_;
};

}  // namespace causalsynth
