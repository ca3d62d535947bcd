// A tile of a product in registers, for one width of vectors: product.cpp includes this once for
// each, with TILE_VECTORS (a struct of dispatch.h) and TILE_TARGET (the instructions to use).
// No include guard, since it is meant to be included several times.

// Columns of B taken at a time: kVectors vectors.
template <int kRows, int kVectors>
TILE_TARGET inline void tile(const Panel& p, std::size_t first) {
  using Vectors = TILE_VECTORS;
  using V = Vectors::V;
  constexpr std::size_t kWidth = Vectors::kWidth;
  V sums[kRows][kVectors];
  // Held in registers, so these loops must be unrolled.
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) sums[r][v] = V{};
  const float* left = p.a.data + first * p.a.row_step;
  const float* from = p.b;
  for (std::size_t k = 0; k < p.inner; ++k) {
    V right[kVectors];
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v)
      right[v] = *reinterpret_cast<const V*>(from + static_cast<std::size_t>(v) * kWidth);
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) {
      const V x = Vectors::all(left[static_cast<std::size_t>(r) * p.a.row_step]);
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) sums[r][v] = Vectors::fused(x, right[v], sums[r][v]);
    }
    left += p.a.inner_step;
    from += p.b_step;
  }
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      V* to = reinterpret_cast<V*>(p.out + (first + static_cast<std::size_t>(r)) * p.out_step +
                                   static_cast<std::size_t>(v) * kWidth);
      *to = p.add ? *to + sums[r][v] : sums[r][v];
    }
}

// `rows` of at most kMost.
template <int kMost, int kVectors>
TILE_TARGET void tile_of(const Panel& p, std::size_t first, std::size_t rows) {
  if constexpr (kMost > 1) {
    if (rows < kMost) return tile_of<kMost - 1, kVectors>(p, first, rows);
  }
  tile<kMost, kVectors>(p, first);
}

// All rows, in tiles of at most kMost and of about the same size: small ones wait for sums.
template <int kMost, int kVectors>
TILE_TARGET void panel(const Panel& p) {
  const std::size_t tiles = (p.rows + kMost - 1) / kMost;
  for (std::size_t t = 0; t < tiles; ++t) {
    const std::size_t first = t * p.rows / tiles;
    tile_of<kMost, kVectors>(p, first, (t + 1) * p.rows / tiles - first);
  }
}
