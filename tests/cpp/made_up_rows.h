// Rows of a factor of three levels and two numbers, some of them missing, for tests of model files
// and the first corpora of the fuzzers.
#pragma once
#include <cmath>
#include <vector>

#include "core/data/frame.h"
#include "core/random/stream.h"

struct MadeUpRows {
  std::vector<double> x, y;
  std::vector<int> level;
  // `spike`: is every fourth y 0?
  explicit MadeUpRows(int n, bool spike = false) {
    causalsynth::Stream stream(5, causalsynth::StreamTag::test, 1);
    for (int i = 0; i < n; ++i) {
      level.push_back(i % 9 == 0 ? causalsynth::kMissingCode : 1 + i % 3);
      x.push_back(i % 11 == 0 ? std::nan("") : stream.normal());
      y.push_back(spike && i % 4 == 0 ? 0.0 : stream.normal() + i % 3);
    }
  }
  causalsynth::Frame frame() const {
    causalsynth::Frame f(x.size());
    f.add(causalsynth::Column::factor(level, 3));
    f.add(causalsynth::Column::numeric(x));
    f.add(causalsynth::Column::numeric(y));
    return f;
  }
};
