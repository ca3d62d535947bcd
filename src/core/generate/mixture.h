// What the two laws of a column share: the weights of their mixtures, and how they are fitted.
#pragma once
#include <vector>

#include "leaf_forest.h"

namespace causalsynth {

// Weights of a mixture that maximise the mean log of its density, by expectation maximisation.
// `densities` hold one vector a component (empty: not there). Components below `least` are dropped.
std::vector<double> mixture_weights(const std::vector<std::vector<double>>& densities,
                                    Span<const double> case_weights, double least);

// How a generator's forests are grown on `rows` rows of the first `columns` columns.
ForestOptions generator_forest(const GeneratorOptions& options, std::size_t columns,
                               std::size_t rows, std::uint64_t key);
// Penalties to try for so many rows and terms, mildest first.
std::vector<double> ridge_penalties(std::size_t rows, std::size_t terms);

}  // namespace causalsynth
