#pragma once
#include "../base/archive.h"
#include "forest.h"

namespace causalsynth {

void pack(const Forest& forest, ArchiveWriter& out);
// Throws std::runtime_error unless the bytes are a whole and consistent forest.
Forest unpack_forest(ArchiveReader& in);

}  // namespace causalsynth
