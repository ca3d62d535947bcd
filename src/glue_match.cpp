#include "core/match/assignment.h"
#include "core/match/greedy.h"
#include "core/match/mixed_pairs.h"
#include "core/match/neighbour_table.h"
#include "core/match/neighbours.h"
#include "glue_host.h"

namespace {

using namespace causalsynth;

MatrixView<const double> matrix(const Rcpp::NumericMatrix& x) {
  return {x.begin(), static_cast<std::size_t>(x.nrow()), static_cast<std::size_t>(x.ncol())};
}

// Rows count from 1 in R and from 0 in the core.
std::vector<int> rows_from(const Rcpp::IntegerVector& rows) {
  std::vector<int> result(rows.begin(), rows.end());
  for (int& row : result) --row;
  return result;
}
Rcpp::IntegerVector rows_for_r(const std::vector<int>& rows) {
  Rcpp::IntegerVector result(rows.begin(), rows.end());
  return result + 1;
}

Rcpp::List wrap_groups(const PointGroups& groups) {
  return Rcpp::List::create(Rcpp::_["start"] = groups.start,
                            Rcpp::_["rows"] = rows_for_r(groups.rows));
}
PointGroups groups_from(const Rcpp::List& list) {
  PointGroups groups;
  groups.start = Rcpp::as<std::vector<int>>(list["start"]);
  groups.rows = rows_from(list["rows"]);
  return groups;
}

// The groups' coordinates, which do not travel through R: those of each group's first row.
void add_points(PointGroups& groups, MatrixView<const double> x) {
  std::vector<int> first;
  for (std::size_t g = 0; g < groups.count(); ++g) first.push_back(*groups.begin(g));
  groups.dims = x.cols();
  groups.coords = gather_points(x, first);
}

// What match_neighbours() returned, without the coordinates.
struct NeighboursHolder {
  PointGroups queries, reference;
  NeighbourLists lists;
  explicit NeighboursHolder(const Rcpp::List& x)
      : queries(groups_from(x["queries"])), reference(groups_from(x["reference"])) {
    const auto offset = Rcpp::as<std::vector<double>>(x["offset"]);
    lists.same = Rcpp::as<bool>(x["same"]);
    lists.offset.assign(offset.begin(), offset.end());
    lists.group = rows_from(x["group"]);
    lists.taken = Rcpp::as<std::vector<int>>(x["taken"]);
    lists.found = Rcpp::as<std::vector<int>>(x["found"]);
  }
  MatchedRows view() const { return {queries, reference, lists}; }
};

}  // namespace

// x times root, in sums of one order: equal rows stay equal.
// [[Rcpp::export(rng = false)]]
Rcpp::NumericMatrix match_transform(Rcpp::NumericMatrix x, Rcpp::NumericMatrix root) {
  const std::vector<double> values = transform_rows(matrix(x), matrix(root));
  return Rcpp::NumericMatrix(x.nrow(), root.ncol(), values.begin());
}

// Neighbours of the rows `queries` of x among the rows `reference`, or among themselves where
// `reference` is empty. `options`: m, ties, tolerance, max_square. The list that match_means() and
// match_usage() take; `found` and `square` have an element for each group of equal query rows.
// [[Rcpp::export(rng = false)]]
Rcpp::List match_neighbours(Rcpp::NumericMatrix x, Rcpp::IntegerVector queries,
                            Rcpp::IntegerVector reference, Rcpp::List options, Rcpp::List run) {
  NeighbourOptions settings;
  glue::OptionList reader(options);
  reader.read("m", settings.m);
  reader.read("ties", settings.ties);
  reader.read("tolerance", settings.tolerance);
  reader.read("max_square", settings.max_square);
  reader.finish();
  const bool same = reference.size() == 0;
  const PointGroups asked = group_points(matrix(x), rows_from(queries));
  PointGroups pool;
  if (!same) pool = group_points(matrix(x), rows_from(reference));
  const NeighbourLists lists =
      find_neighbours(asked, same ? nullptr : &pool, settings, glue::execution(run));
  using Rcpp::_;
  return Rcpp::List::create(
      _["same"] = same, _["queries"] = wrap_groups(asked),
      _["reference"] = wrap_groups(same ? asked : pool),
      _["offset"] = Rcpp::NumericVector(lists.offset.begin(), lists.offset.end()),
      _["group"] = rows_for_r(lists.group), _["taken"] = lists.taken, _["found"] = lists.found,
      _["square"] = lists.square);
}

// Means of the columns of `values` over each query's neighbours; a row for each of queries$rows.
// [[Rcpp::export(rng = false)]]
Rcpp::NumericMatrix match_means(Rcpp::List neighbours, Rcpp::NumericMatrix values) {
  const NeighboursHolder holder(neighbours);
  const std::vector<double> means = neighbour_means(holder.view(), matrix(values));
  return Rcpp::NumericMatrix(static_cast<int>(holder.queries.rows.size()), values.ncol(),
                             means.begin());
}

// Of each of n rows: the sum over queries of 1 / (number of neighbours), and of its square.
// [[Rcpp::export(rng = false)]]
Rcpp::List match_usage(Rcpp::List neighbours, int n) {
  const NeighboursHolder holder(neighbours);
  const Usage usage = neighbour_usage(holder.view(), static_cast<std::size_t>(n));
  return Rcpp::List::create(Rcpp::_["sum"] = usage.sum,
                            Rcpp::_["sum_of_squares"] = usage.sum_of_squares);
}

// Partners of the rows `focal`, paired in this order without replacement; 0: none left.
// [[Rcpp::export(rng = false)]]
Rcpp::IntegerVector match_greedy(Rcpp::NumericMatrix x, Rcpp::IntegerVector focal,
                                 Rcpp::IntegerVector pool, Rcpp::List options, Rcpp::List run) {
  GreedyOptions settings;
  glue::OptionList reader(options);
  reader.read("max_square", settings.max_square);
  reader.finish();
  return rows_for_r(
      greedy_pairs(matrix(x), rows_from(focal), rows_from(pool), settings, glue::execution(run)));
}

// Row numbers and distances of the neighbours of match_neighbours(ties = FALSE), by columns from
// the nearest on; a row for each of queries$rows. `x`: the coordinates that were searched.
// [[Rcpp::export(rng = false)]]
Rcpp::List match_table(Rcpp::List neighbours, Rcpp::NumericMatrix x, int m, Rcpp::List run) {
  NeighboursHolder holder(neighbours);
  add_points(holder.queries, matrix(x));
  add_points(holder.reference, matrix(x));
  const NeighbourTable table = neighbour_table(holder.view(), m, glue::execution(run));
  const int n = static_cast<int>(holder.queries.rows.size());
  Rcpp::IntegerMatrix index(n, m);
  for (R_xlen_t i = 0; i < index.size(); ++i) {
    const int row = table.index[static_cast<std::size_t>(i)];
    index[i] = row < 0 ? NA_INTEGER : row + 1;
  }
  return Rcpp::List::create(
      Rcpp::_["rows"] = rows_for_r(holder.queries.rows), Rcpp::_["index"] = index,
      Rcpp::_["distance"] = Rcpp::NumericMatrix(n, m, table.distance.begin()));
}

namespace {

MixedRows mixed_rows(const Rcpp::NumericMatrix& queries, const Rcpp::NumericMatrix& reference,
                     const Rcpp::LogicalVector& is_factor, bool gower) {
  MixedRows rows{matrix(queries), matrix(reference), {}, gower};
  for (int flag : is_factor) rows.is_factor.push_back(flag == TRUE);
  return rows;
}

}  // namespace

// Nearest rows where values are levels or missing: `options` k, max_distance; `gower`, `greedy`
// (pairs without replacement, in the order of the queries) in `how`.
// [[Rcpp::export(rng = false)]]
Rcpp::List match_mixed(Rcpp::NumericMatrix queries, Rcpp::NumericMatrix reference,
                       Rcpp::LogicalVector is_factor, Rcpp::List how, Rcpp::List options,
                       Rcpp::List run) {
  MixedOptions settings;
  glue::OptionList reader(options);
  reader.read("k", settings.k);
  reader.read("max_distance", settings.max_distance);
  reader.finish();
  const MixedRows rows = mixed_rows(queries, reference, is_factor, Rcpp::as<bool>(how["gower"]));
  const bool greedy = Rcpp::as<bool>(how["greedy"]);
  const MixedNeighbours found = greedy ? greedy_mixed(rows, settings, glue::execution(run))
                                       : nearest_mixed(rows, settings, glue::execution(run));
  const int k = greedy ? 1 : settings.k;
  Rcpp::IntegerMatrix index(queries.nrow(), k);
  for (R_xlen_t i = 0; i < index.size(); ++i) {
    const int row = found.index[static_cast<std::size_t>(i)];
    index[i] = row < 0 ? NA_INTEGER : row + 1;
  }
  return Rcpp::List::create(
      Rcpp::_["index"] = index,
      Rcpp::_["distance"] = Rcpp::NumericMatrix(queries.nrow(), k, found.distance.begin()));
}

// All distances, a row a query, under the same rules.
// [[Rcpp::export(rng = false)]]
Rcpp::NumericMatrix match_mixed_distances(Rcpp::NumericMatrix queries,
                                          Rcpp::NumericMatrix reference,
                                          Rcpp::LogicalVector is_factor, bool gower,
                                          Rcpp::List run) {
  const std::vector<double> values =
      mixed_distances(mixed_rows(queries, reference, is_factor, gower), glue::execution(run));
  return Rcpp::NumericMatrix(queries.nrow(), reference.nrow(), values.begin());
}

// Pairs of least total cost; infinite costs are not made. 0: no column for this row.
// [[Rcpp::export(rng = false)]]
Rcpp::IntegerVector match_assign(Rcpp::NumericMatrix cost, Rcpp::List run) {
  return rows_for_r(assign_pairs(matrix(cost), glue::execution(run)));
}
