// Sorts doubles (no NaN) by eleven-bit digits of their order-preserving bit pattern: linear time,
// which matters where every column of a forest is sorted once.
#pragma once
#include <vector>

namespace causalsynth {

void radix_sort(std::vector<double>& values);

}  // namespace causalsynth
