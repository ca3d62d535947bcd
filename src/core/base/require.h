// The core's second net behind the checks in R.
#pragma once
#include <stdexcept>
#include <string>

namespace causalsynth {

inline void require(bool ok, const char* message) {
  if (!ok) throw std::invalid_argument(message);
}
inline void require(bool ok, const std::string& message) {
  if (!ok) throw std::invalid_argument(message);
}

}  // namespace causalsynth
