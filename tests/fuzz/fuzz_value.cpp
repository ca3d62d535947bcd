// A value: what is read is written again, and then the same bytes come out.
#include <cstdlib>

#include "core/base/value.h"
#include "fuzz.h"

using namespace causalsynth;

FUZZ(bytes) {
  const Value value = decode_value(bytes);
  const std::vector<unsigned char> again = encode_value(value);
  if (again.size() != bytes.size() || !std::equal(again.begin(), again.end(), bytes.begin()))
    std::abort();
}
