// A text is a JSON document or a sequence of lines, a line a JSON document, fields in their places, or a
// sequence of items (what a hash table prints). A sequence is learned in this order: as a permutation of the
// same units; with every unit in its place; as a permutation of units that are alike but for their numbers.
// Only the stretch whose order varies may be in any order. It is taken wider by its own length on either
// side, since of a few units that are shuffled some keep their places by chance.
#include "runner/text_pattern.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "runner/field_pattern.h"
#include "runner/json_pattern.h"

namespace slim {
namespace {

using Texts = std::vector<std::string_view>;

bool all_equal(std::span<const std::string_view> values) {
  return std::ranges::all_of(values, [&](auto value) { return value == values.front(); });
}

Texts column_of(std::span<const Texts> runs, std::size_t index) {
  Texts column;
  column.reserve(runs.size());
  for (const auto& run : runs) column.push_back(run[index]);
  return column;
}

Texts lines_of(std::string_view text) {
  Texts lines;
  while (true) {
    const auto end = text.find('\n');
    lines.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return lines;
    text.remove_prefix(end + 1);
  }
}

using Table = std::vector<Texts>;  ///< a row for each unit, its fields in their order

Texts sorted(Texts texts) {
  std::ranges::sort(texts);
  return texts;
}

Table table_of(const Texts& units) {
  Table table;
  table.reserve(units.size());
  for (const auto unit : units) table.push_back(fields_of(unit));
  return table;
}

/// One field of several units that are in any order: the same values in every run, or one form.
class Column {
 public:
  static std::optional<Column> learn(const std::vector<Table>& runs, std::size_t index) {
    Column column;
    column.values_ = sorted(column_of(runs.front(), index));
    Texts all;
    bool same = true;
    for (const auto& run : runs) {
      const auto values = column_of(run, index);
      same = same && sorted(values) == column.values_;
      all.insert(all.end(), values.begin(), values.end());
    }
    if (same) return column;
    column.values_.clear();
    column.blanks_ = std::ranges::all_of(all, [](auto value) { return value[0] == ' ' || value[0] == '\t'; });
    if (!column.blanks_) column.pattern_ = FieldPattern::learn(all);
    return column.blanks_ || column.pattern_ ? std::optional(std::move(column)) : std::nullopt;
  }
  [[nodiscard]] bool matches(const Texts& found) const {
    if (blanks_) return true;  // the skeleton has blanks there
    if (!pattern_) return sorted(found) == values_;
    return std::ranges::all_of(found, [this](auto value) { return pattern_->matches(value); });
  }

 private:
  Texts values_;  ///< sorted
  std::optional<FieldPattern> pattern_;
  bool blanks_ = false;
};

/// Units of one skeleton, in any order. As a whole they are the same in every run, or field by field those
/// that stay are and the others have one form.
class Alike {
 public:
  static std::optional<Alike> learn(const std::vector<Texts>& runs, bool exact) {
    Alike alike;
    alike.units_ = sorted(runs.front());
    if (std::ranges::all_of(runs, [&](const auto& run) { return sorted(run) == alike.units_; })) return alike;
    if (exact) return std::nullopt;
    alike.units_.clear();
    alike.masked_ = true;
    std::vector<Table> tables;
    tables.reserve(runs.size());
    for (const auto& run : runs) tables.push_back(table_of(run));
    for (std::size_t i = 0; i < tables.front().front().size(); ++i) {
      auto column = Column::learn(tables, i);
      if (!column) return std::nullopt;
      alike.columns_.push_back(std::move(*column));
    }
    return alike;
  }

  [[nodiscard]] bool matches(const Texts& units) const {
    if (!masked_) return sorted(units) == units_;
    const auto table = table_of(units);
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (!columns_[i].matches(column_of(table, i))) return false;
    }
    return true;
  }

 private:
  Texts units_;
  std::vector<Column> columns_;
  bool masked_ = false;
};

/// Units in any order, by skeleton.
class AnyOrder {
 public:
  static std::optional<AnyOrder> learn(const std::vector<Texts>& runs, bool exact) {
    std::map<std::string, std::vector<Texts>> groups;
    for (std::size_t run = 0; run < runs.size(); ++run) {
      for (const auto unit : runs[run]) {
        auto& group = groups[skeleton_of(unit)];
        group.resize(runs.size());
        group[run].push_back(unit);
      }
    }
    AnyOrder order;
    for (const auto& [skeleton, group] : groups) {
      const auto size = group.front().size();
      if (std::ranges::any_of(group, [size](const auto& run) { return run.size() != size; }))
        return std::nullopt;
      auto alike = Alike::learn(group, exact);
      if (!alike) return std::nullopt;
      order.groups_.emplace(skeleton, Group{.size = size, .alike = std::move(*alike)});
    }
    return order;
  }

  [[nodiscard]] bool matches(std::span<const std::string_view> units) const {
    std::map<std::string, Texts> found;
    for (const auto unit : units) found[skeleton_of(unit)].push_back(unit);
    return found.size() == groups_.size() && std::ranges::all_of(found, [this](const auto& entry) {
             const auto group = groups_.find(entry.first);
             return group != groups_.end() && entry.second.size() == group->second.size &&
                    group->second.alike.matches(entry.second);
           });
  }

 private:
  struct Group {
    std::size_t size = 0;
    Alike alike;
  };
  std::map<std::string, Group> groups_;
};

enum class Order : std::uint8_t { permutation, in_place, masked };

/// Units (lines, items) that follow each other. Unit: learn(span of texts) and matches(text).
template <typename Unit>
class Sequence {
 public:
  static std::optional<Sequence> learn(std::span<const Texts> runs, Order order) {
    const auto size = runs.front().size();
    if (std::ranges::any_of(runs, [size](const auto& run) { return run.size() != size; }))
      return std::nullopt;
    Sequence sequence;
    sequence.in_place_.resize(size);
    std::size_t begin = size;
    std::size_t end = 0;
    for (std::size_t i = 0; i < size; ++i) {
      const auto column = column_of(runs, i);
      if (order != Order::permutation || all_equal(column)) sequence.in_place_[i] = Unit::learn(column);
      if (sequence.in_place_[i]) continue;
      if (order == Order::in_place) return std::nullopt;
      begin = std::min(begin, i);
      end = i + 1;
    }
    const bool exact = order == Order::permutation;
    if (begin < end && !sequence.learn_window(runs, begin, end, exact)) return std::nullopt;
    return sequence;
  }

  [[nodiscard]] bool matches(const Texts& units) const {
    if (units.size() != in_place_.size()) return false;
    for (std::size_t i = 0; i < units.size(); ++i) {
      if (i >= begin_ && i < end_) continue;
      const auto& unit = in_place_[i];
      if (!unit || !unit->matches(units[i])) return false;
    }
    return !any_order_ || any_order_->matches(std::span(units).subspan(begin_, end_ - begin_));
  }

 private:
  bool learn_window(std::span<const Texts> runs, std::size_t begin, std::size_t end, bool exact) {
    const auto length = end - begin;
    if (length < 2) return false;
    begin_ = begin;
    end_ = end;
    while (begin_ > 0 && begin - begin_ < length && may_move(column_of(runs, begin_ - 1))) --begin_;
    while (end_ < runs.front().size() && end_ - end < length && may_move(column_of(runs, end_))) ++end_;
    std::vector<Texts> windows;
    windows.reserve(runs.size());
    for (const auto& run : runs) {
      windows.emplace_back(run.begin() + static_cast<std::ptrdiff_t>(begin_),
                           run.begin() + static_cast<std::ptrdiff_t>(end_));
    }
    any_order_ = AnyOrder::learn(windows, exact);
    return any_order_.has_value();
  }

  /// Whether it may keep its place by chance: it is the same unit in every run.
  static bool may_move(const Texts& column) {
    const auto skeleton = skeleton_of(column.front());
    return std::ranges::all_of(column, [&](auto unit) { return skeleton_of(unit) == skeleton; });
  }

  std::vector<std::optional<Unit>> in_place_;
  std::size_t begin_ = 0;  ///< of what may be in any order
  std::size_t end_ = 0;
  std::optional<AnyOrder> any_order_;
};

/// A unit that is only fields.
class Item {
 public:
  static std::optional<Item> learn(std::span<const std::string_view> texts) {
    Item item;
    item.literal_ = texts.front();
    if (all_equal(texts)) return item;
    item.fields_ = FieldsPattern::learn(texts);
    return item.fields_ ? std::optional(std::move(item)) : std::nullopt;
  }
  [[nodiscard]] bool matches(std::string_view text) const {
    return fields_ ? fields_->matches(text) : text == literal_;
  }

 private:
  std::string_view literal_;
  std::optional<FieldsPattern> fields_;
};

/// A line as items and what separates them: "{a: 1, b: 2}" is "{", "a: 1", ", ", "b: 2", "}".
struct Items {
  Texts items;
  std::string separators;  ///< all, in their order

  static Items of(std::string_view line, bool blanks_separate) {
    const std::string_view hard = ",;&|(){}[]";
    const auto separates = [&](char c) {
      return hard.find(c) != std::string_view::npos || (blanks_separate && (c == ' ' || c == '\t'));
    };
    Items found;
    while (!line.empty()) {
      auto length = static_cast<std::size_t>(std::ranges::find_if(line, separates) - line.begin());
      auto item = line.substr(0, length);
      while (!item.empty() && (item.back() == ' ' || item.back() == '\t')) item.remove_suffix(1);
      if (!item.empty()) {
        found.items.push_back(item);
        found.separators += '\x01';
      }
      line.remove_prefix(item.size());
      length = 0;
      while (length < line.size() && (separates(line[length]) || line[length] == ' ' || line[length] == '\t'))
        ++length;
      found.separators += line.substr(0, length);
      line.remove_prefix(length);
    }
    return found;
  }
};

class ItemsPattern {
 public:
  static std::optional<ItemsPattern> learn(std::span<const std::string_view> lines, bool blanks_separate,
                                           Order order) {
    ItemsPattern pattern;
    pattern.blanks_separate_ = blanks_separate;
    std::vector<Texts> runs;
    for (const auto line : lines) {
      auto items = Items::of(line, blanks_separate);
      if (runs.empty()) pattern.separators_ = items.separators;
      if (items.separators != pattern.separators_) return std::nullopt;
      runs.push_back(std::move(items.items));
    }
    pattern.items_ = Sequence<Item>::learn(runs, order);
    return pattern.items_ ? std::optional(std::move(pattern)) : std::nullopt;
  }
  [[nodiscard]] bool matches(std::string_view line) const {
    const auto found = Items::of(line, blanks_separate_);
    return found.separators == separators_ && items_ && items_->matches(found.items);
  }

 private:
  bool blanks_separate_ = false;
  std::string separators_;
  std::optional<Sequence<Item>> items_;
};

class Line {
 public:
  static std::optional<Line> learn(std::span<const std::string_view> lines) {
    if (all_equal(lines)) return Line{.pattern = lines.front()};
    if (auto json = JsonPattern::learn(lines)) return Line{.pattern = std::move(*json)};
    for (const bool blanks : {false, true}) {
      auto items = ItemsPattern::learn(lines, blanks, Order::permutation);
      if (items) return Line{.pattern = std::move(*items)};
    }
    if (auto fields = FieldsPattern::learn(lines)) return Line{.pattern = std::move(*fields)};
    for (const bool blanks : {false, true}) {
      auto items = ItemsPattern::learn(lines, blanks, Order::masked);
      if (items) return Line{.pattern = std::move(*items)};
    }
    return std::nullopt;
  }
  [[nodiscard]] bool matches(std::string_view line) const {
    return std::visit(
        [line](const auto& known) {
          if constexpr (std::is_same_v<std::decay_t<decltype(known)>, std::string_view>) {
            return known == line;
          } else {
            return known.matches(line);
          }
        },
        pattern);
  }

  std::variant<std::string_view, JsonPattern, FieldsPattern, ItemsPattern> pattern;
};

}  // namespace

struct TextPattern::State {
  std::optional<JsonPattern> json;
  std::optional<Sequence<Line>> lines;
};

TextPattern::TextPattern(std::unique_ptr<State> state) : state_(std::move(state)) {}
TextPattern::TextPattern(TextPattern&&) noexcept = default;
TextPattern& TextPattern::operator=(TextPattern&&) noexcept = default;
TextPattern::~TextPattern() = default;

std::optional<TextPattern> TextPattern::learn(std::span<const std::string_view> texts) {
  auto state = std::make_unique<State>();
  state->json = JsonPattern::learn(texts);
  if (!state->json) {
    std::vector<Texts> runs;
    runs.reserve(texts.size());
    for (const auto text : texts) runs.push_back(lines_of(text));
    for (const auto order : {Order::permutation, Order::in_place, Order::masked}) {
      state->lines = Sequence<Line>::learn(runs, order);
      if (state->lines) break;
    }
    if (!state->lines) return std::nullopt;
  }
  return TextPattern(std::move(state));
}

bool TextPattern::matches(std::string_view text) const {
  const auto& [json, lines] = *state_;
  return json ? json->matches(text) : lines && lines->matches(lines_of(text));
}

}  // namespace slim
