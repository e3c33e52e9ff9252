// nlohmann's parser says no places, but it reads its input character by character and reports a key or a
// bracket as soon as it has read it: an iterator that counts line ends knows the line.
#include "analyzer/json_lines.h"

#include <cstddef>
#include <functional>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace slim {
namespace {

class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator(const char* at, std::size_t* line) : at_(at), line_(line) {}
  reference operator*() const { return *at_; }
  CountingIterator& operator++() {
    if (*at_ == '\n') ++*line_;
    ++at_;
    return *this;
  }
  CountingIterator operator++(int) {
    CountingIterator before = *this;
    ++*this;
    return before;
  }
  bool operator==(const CountingIterator& other) const { return at_ == other.at_; }

 private:
  const char* at_;
  std::size_t* line_;
};

/// Takes the parser's events. Each returns whether to go on.
class LineKeeper : public nlohmann::json::json_sax_t {
 public:
  explicit LineKeeper(const std::size_t& line) : line_(line) {}

  bool null() override { return value(); }
  bool boolean(bool /*value*/) override { return value(); }
  bool number_integer(number_integer_t /*value*/) override { return value(); }
  bool number_unsigned(number_unsigned_t /*value*/) override { return value(); }
  bool number_float(number_float_t /*value*/, const string_t& /*text*/) override { return value(); }
  bool string(string_t& /*value*/) override { return value(); }
  bool binary(binary_t& /*value*/) override { return value(); }
  bool start_object(std::size_t /*size*/) override { return open(false); }
  bool start_array(std::size_t /*size*/) override { return open(true); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t& name) override {
    open_.back().name = name;
    note();
    return true;
  }
  bool parse_error(std::size_t /*position*/, const std::string& /*token*/,
                   const nlohmann::json::exception& /*error*/) override {
    return false;
  }

  std::map<std::string, std::size_t, std::less<>> lines;

 private:
  struct Level {
    bool list = false;
    std::size_t next = 0;  // of a list: the next element's number
    std::string name;      // of an object: the key at work; of a list: the number
  };

  void note() {
    constexpr std::size_t deepest = 8;
    if (open_.empty() || open_.size() > deepest) return;
    std::string place;
    for (const Level& level : open_) place += "/" + level.name;
    lines.try_emplace(std::move(place), line_);
  }

  /// A value begins; as an element of a list it has a place of its own.
  bool value() {
    if (open_.empty() || !open_.back().list) return true;
    open_.back().name = std::to_string(open_.back().next++);
    note();
    return true;
  }

  bool open(bool list) {
    value();
    open_.push_back({.list = list, .next = 0, .name = {}});
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  const std::size_t& line_;
  std::vector<Level> open_;
};

}  // namespace

std::map<std::string, std::size_t, std::less<>> json_lines(std::string_view text) {
  std::size_t line = 1;
  std::size_t unused = 0;
  LineKeeper keeper(line);
  const char* const begin =
      text.data();  // NOLINT(bugprone-suspicious-stringview-data-usage): the end follows
  nlohmann::json::sax_parse(CountingIterator(begin, &line), CountingIterator(begin + text.size(), &unused),
                            &keeper, nlohmann::json::input_format_t::json, true, true);
  return std::move(keeper.lines);
}

}  // namespace slim
