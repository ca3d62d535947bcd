#include "exit_masks.h"

#include <algorithm>

namespace causalsynth {

LookupCodes::LookupCodes(const CodedFrame& data) : data_(data) {
  const std::size_t columns = data.columns.size();
  if (columns > kMostColumns) return;
  group_of_.resize(columns);
  std::vector<std::uint32_t> together;
  std::size_t cells = 1;
  for (std::uint32_t j = 0; j < columns; ++j) {
    const CodedColumn& column = data.columns[j];
    const std::size_t codes = column.bins + 1;
    if (codes * codes > kMostCombined) {
      group_of_[j] = static_cast<std::uint32_t>(groups_.size());
      groups_.push_back({{j}, column.bins + 1, column.narrow.data(), column.wide.data()});
      if (column.is_wide()) groups_.back().narrow = nullptr;
      continue;
    }
    if (cells * codes > kMostCombined) {
      combine(together);
      together.clear();
      cells = 1;
    }
    together.push_back(j);
    cells *= codes;
  }
  if (!together.empty()) combine(together);
}

void LookupCodes::combine(const std::vector<std::uint32_t>& columns) {
  Group group;
  group.columns = columns;
  std::vector<std::uint8_t> codes(data_.rows, 0);
  for (std::uint32_t j : columns) {
    const std::uint8_t* narrow = data_.columns[j].narrow.data();
    for (std::size_t i = 0; i < codes.size(); ++i)
      codes[i] = static_cast<std::uint8_t>(codes[i] + narrow[i] * group.size);
    group.size *= data_.columns[j].bins + 1;
    group_of_[j] = static_cast<std::uint32_t>(groups_.size());
  }
  combined_.push_back(std::move(codes));
  group.narrow = combined_.back().data();
  groups_.push_back(group);
}

namespace {

#if defined(__SSE2__)
using SetWord = __m128i;
inline SetWord load(const ExitSet* set) {
  return _mm_load_si128(reinterpret_cast<const __m128i*>(set));
}
inline void store(ExitSet* set, SetWord word) {
  _mm_store_si128(reinterpret_cast<__m128i*>(set), word);
}
inline SetWord both(SetWord a, SetWord b) {
  return _mm_and_si128(a, b);
}
#else
using SetWord = ExitSet;
inline SetWord load(const ExitSet* set) {
  return *set;
}
inline void store(ExitSet* set, SetWord word) {
  *set = word;
}
inline SetWord both(SetWord a, SetWord b) {
  return {a.low & b.low, a.high & b.high};
}
#endif

}  // namespace

ExitMasks::Start ExitMasks::add_table(std::size_t size) {
  const Start at = tables_.size();
  tables_.resize(at + size, ExitSet::all());
  return at;
}

// Whether a split of this column may be part of the top.
inline bool ExitMasks::opens(std::uint32_t column, const LookupCodes& codes) {
  return column_at_[column] != kNone || open_table(column, codes);
}

bool ExitMasks::open_table(std::uint32_t column, const LookupCodes& codes) {
  const std::uint32_t number = codes.group_of(column);
  const LookupCodes::Group& group = codes.groups()[number];
  if (std::find(used_.begin(), used_.end(), number) == used_.end()) {
    if (used_.size() == kMostGroups) return false;
    used_.push_back(number);
    table_at_.push_back(add_table(group.size));
  }
  column_at_[column] =
      group.columns.size() > 1 ? add_table(data_->columns[column].bins + 1) : table_at_.back();
  columns_.push_back(column);
  return true;
}

inline ExitMasks::Place ExitMasks::place(std::uint32_t number, const Node& node, std::uint32_t left,
                                         bool inner) const {
  const std::size_t mark = column_at_[node.column] + node.cut + 1u;
  return {number,
          left,
          0,
          0,
          static_cast<std::uint32_t>(inner ? mark : kSpare),
          !inner || !(node.factor() || node.missing_right())};
}

// Behind the places come two: the children of exits, with one exit between them.
void ExitMasks::end_places() {
  const auto end = static_cast<std::uint32_t>(places_.size());
  places_.push_back({0, end, 0, 0, kSpare, true});
  places_.push_back({0, end, 1, 0, kSpare, true});
}

// All of a tree of few leaves, without a branch on what is a leaf. Not of an honest tree in which
// nodes became leaves and left others behind that nothing leads to: leaves outnumber the rest then.
void ExitMasks::open_all(const Splits& tree, const LookupCodes& codes) {
  const auto n = static_cast<std::uint32_t>(tree.nodes.size());
  std::uint32_t leaves = 0;
  complete_ = true;
  for (std::uint32_t i = 0; i < n && complete_; ++i) {
    const Node node = tree.nodes[i];
    leaves += node.leaf();
    complete_ = opens(node.column, codes);  // leaves name column 0: a table at most
    if (complete_) places_.push_back(place(i, node, node.leaf() ? n : node.left(), !node.leaf()));
  }
  complete_ &= 2 * leaves == n + 1;
}

// Level after level, until there are as many exits as a set tells apart.
void ExitMasks::open_levels(const Splits& tree, const LookupCodes& codes) {
  constexpr std::uint32_t kExit = ~std::uint32_t{0};
  complete_ = true;
  places_.push_back({0, kExit, 0, 0, kSpare, true});
  std::size_t exits = 1;
  for (std::size_t i = 0; i < places_.size(); ++i) {
    const Node node = tree.nodes[places_[i].node];
    if (node.leaf()) continue;
    if (exits == kMostExits || !opens(node.column, codes)) {
      complete_ = false;
      continue;
    }
    ++exits;
    const auto left = static_cast<std::uint32_t>(places_.size());
    places_[i] = place(places_[i].node, node, left, true);
    places_.push_back({node.left(), kExit, 0, 0, kSpare, true});
    places_.push_back({node.left() + 1, kExit, 0, 0, kSpare, true});
  }
  for (Place& p : places_) p.left = std::min(p.left, static_cast<std::uint32_t>(places_.size()));
}

void ExitMasks::start(const CodedFrame& data) {
  data_ = &data;
  used_.clear();
  table_at_.clear();
  tables_.assign(1, ExitSet::all());  // the spare cell
  columns_.clear();
  places_.clear();
  column_at_.assign(data.columns.size(), kNone);
}

void ExitMasks::build(const Splits& tree, const LookupCodes& codes) {
  start(codes.data());
  complete_ = false;
  if (tree.nodes.size() < 2 * kMostExits) open_all(tree, codes);
  if (!complete_) {
    start(codes.data());
    open_levels(tree, codes);
  }
  end_places();
  number_exits(tree);
  // Cuts were noted where their right side begins: all codes from there on go right.
  for (std::uint32_t column : columns_) {
    if (data_->columns[column].factor) continue;
    ExitSet* table = tables_.data() + column_at_[column];
    SetWord set = load(table + 1);
    for (std::size_t code = 2; code <= data_->columns[column].bins; ++code) {
      set = both(set, load(table + code));
      store(table + code, set);
    }
  }
  for (std::size_t u = 0; u < used_.size(); ++u)
    if (codes.groups()[used_[u]].columns.size() > 1)
      combine_parts(codes.groups()[used_[u]], table_at_[u]);
}

// From left to right: first how many there are below each place, then where they begin. What is an
// exit is told from what is not without a branch.
void ExitMasks::number_exits(const Splits& tree) {
  Place* const places = places_.data();
  const std::size_t n = places_.size() - 2;
  for (std::size_t i = n; i-- > 0;) {
    const std::uint32_t left = places[i].left;
    places[i].exits = places[left].exits + places[left + 1].exits;
  }
  exits_.resize(kMostExits);
  for (std::size_t i = 0; i < n; ++i) {
    const Place p = places[i];
    exits_[p.first] = p.node;  // the last to say so is the exit itself
    const std::uint32_t middle = p.first + places[p.left].exits;
    places[p.left].first = p.first;
    places[p.left + 1].first = middle;
    const ExitSet left = ExitSet::range(p.first, middle);
    if (p.plain)
      tables_[p.mark].remove(left);
    else
      note_other(tree, p.node, left);
  }
}

// Takes the exits of the left side from the codes that go right.
void ExitMasks::note_other(const Splits& tree, std::uint32_t node, const ExitSet& left) {
  const Node& n = tree.nodes[node];
  ExitSet* table = tables_.data() + column_at_[n.column];
  if (n.factor()) {
    for (std::uint32_t code = 0; code <= data_->columns[n.column].bins; ++code)
      if (tree.goes_right(node, code)) table[code].remove(left);
    return;
  }
  table[0].remove(left);
  table[n.cut + 1u].remove(left);
}

// Of each combined code, what all its columns leave possible.
void ExitMasks::combine_parts(const LookupCodes::Group& group, Start at) {
  ExitSet* table = tables_.data() + at;
  std::size_t filled = 1;
  for (std::uint32_t column : group.columns) {
    const std::size_t size = data_->columns[column].bins + 1;
    const Start part = column_at_[column];
    for (std::size_t code = size; code-- > 0;) {  // the lowest last: the others start from it
      const ExitSet own = part == kNone ? ExitSet::all() : tables_[part + code];
      for (std::size_t i = 0; i < filled; ++i)
        store(table + code * filled + i, both(load(table + i), load(&own)));
    }
    filled *= size;
  }
}

namespace {

template <class Code, class Rows>
void narrow(const Code* codes, const ExitSet* table, Rows rows, ExitSet* sets, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i)
    store(sets + i, both(load(sets + i), load(table + codes[rows(i)])));
}

// Four tables of bytes in one pass; the first pass need not read the sets.
template <bool kFirst, class Rows>
void narrow_four(const std::uint8_t* const codes[4], const ExitSet* const table[4], Rows rows,
                 ExitSet* sets, std::size_t n) {
  const std::uint8_t *c0 = codes[0], *c1 = codes[1], *c2 = codes[2], *c3 = codes[3];
  const ExitSet *t0 = table[0], *t1 = table[1], *t2 = table[2], *t3 = table[3];
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t row = rows(i);
    SetWord set = both(both(load(t0 + c0[row]), load(t1 + c1[row])),
                       both(load(t2 + c2[row]), load(t3 + c3[row])));
    if (!kFirst) set = both(set, load(sets + i));
    store(sets + i, set);
  }
}

}  // namespace

template <class Rows>
void ExitMasks::find(const LookupCodes& codes, Rows rows, std::size_t n, ExitSet* sets,
                     std::uint32_t* out) const {
  const std::uint8_t* narrow_codes[4];
  const ExitSet* narrow_tables[4];
  std::size_t waiting = 0;
  bool first = true;
  for (std::size_t u = 0; u < used_.size(); ++u) {  // bytes first
    const LookupCodes::Group& group = codes.groups()[used_[u]];
    if (!group.narrow) continue;
    narrow_codes[waiting] = group.narrow;
    narrow_tables[waiting++] = tables_.data() + table_at_[u];
    if (waiting < 4) continue;
    if (first)
      narrow_four<true>(narrow_codes, narrow_tables, rows, sets, n);
    else
      narrow_four<false>(narrow_codes, narrow_tables, rows, sets, n);
    first = false;
    waiting = 0;
  }
  if (first) std::fill(sets, sets + n, ExitSet::all());
  while (waiting-- > 0) narrow(narrow_codes[waiting], narrow_tables[waiting], rows, sets, n);
  for (std::size_t u = 0; u < used_.size(); ++u) {
    const LookupCodes::Group& group = codes.groups()[used_[u]];
    if (!group.narrow) narrow(group.wide, tables_.data() + table_at_[u], rows, sets, n);
  }
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint64_t beyond = std::uint64_t{0} - (sets[i].low == 0);  // without a branch
    const std::uint64_t word = sets[i].low | (sets[i].high & beyond);
    out[i] = exits_[static_cast<std::size_t>(lowest_bit(word)) + (beyond & 64)];
  }
}

template void ExitMasks::find(const LookupCodes&, RowRange, std::size_t, ExitSet*,
                              std::uint32_t*) const;
template void ExitMasks::find(const LookupCodes&, RowList, std::size_t, ExitSet*,
                              std::uint32_t*) const;

}  // namespace causalsynth
