// What an image may have is what the command line has: the names come from there, so that an option that
// `slim build` gains is one of batch files too. YAML is taken for what begins as YAML does (a list, a brace,
// a key); everything else is lines.
#include "cli/batch_file.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analyzer/error.h"
#include "cli/options.h"
#include "runner/yaml_node.h"

namespace slim {
namespace {

constexpr std::size_t images_cap = 10'000;
constexpr auto of_the_command =
    std::to_array<std::string_view>({"help", "batch", "output", "format", "quiet", "verbose", "progress",
                                     "no-color", "jobs", "cache", "no-cache"});
/// What the command line repeats as one word and a file has a plural for.
constexpr std::string_view plural = "probes";
constexpr std::string_view singular = "probe";

class Reader {
 public:
  Reader(const std::string& file, const std::vector<BatchOption>& options, const BatchValues& shared)
      : file_(file), options_(options), shared_(shared) {}

  std::vector<BatchEntry> yaml(const std::string& text) {
    const YamlNode document = YamlNode::parse(text, file_);
    if (document.is_list()) {
      for (const YamlNode& item : document.items()) add(item, shared_);
    } else {
      document.allow({"defaults", "images"});
      BatchValues defaults = shared_;
      if (const auto node = document.find("defaults")) read_options(*node, {}, defaults);
      for (const YamlNode& item : document.require("images").items()) add(item, defaults);
    }
    return std::move(entries_);
  }

  std::vector<BatchEntry> lines(std::string_view text) {
    unsigned number = 0;
    while (!text.empty()) {
      ++number;
      const auto end = std::min(text.find('\n'), text.size());
      std::string_view line = text.substr(0, end);
      text.remove_prefix(std::min(end + 1, text.size()));
      if (line.ends_with('\r')) line.remove_suffix(1);
      const auto first = line.find_first_not_of(" \t");
      if (first == std::string_view::npos || line[first] == '#') continue;
      add_line(line, number);
    }
    return std::move(entries_);
  }

 private:
  [[noreturn]] void fail(unsigned line, const std::string& why) const {
    throw Error(ErrorKind::input, file_, fmt::format("line {}: {}", line, why));
  }

  [[nodiscard]] const BatchOption* find(std::string_view name) const {
    if (name == plural) name = singular;
    const auto found = std::ranges::find(options_, name, &BatchOption::name);
    return found == options_.end() ? nullptr : &*found;
  }

  [[nodiscard]] std::string unknown(std::string_view name) const {
    std::vector<std::string_view> keys{"image", "output"};
    for (const BatchOption& option : options_) keys.emplace_back(option.name);
    const std::string_view near = nearest_word(name, keys);
    return fmt::format("unknown key; expected image, output or an option of slim build{}",
                       near.empty() ? "" : fmt::format("; did you mean {}?", near));
  }

  static std::string list_text(const YamlNode& node) {
    return nlohmann::json(node.texts()).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
  }

  /// A value of an option; a command may be a list of words.
  static std::string value_of(const YamlNode& node) { return node.is_list() ? list_text(node) : node.text(); }

  static std::vector<std::string> values_of(const BatchOption& option, const YamlNode& node) {
    std::vector<std::string> values;
    if (!option.repeats) {
      values.push_back(value_of(node));
    } else if (option.name == "env" && node.is_map()) {
      for (const auto& [name, value] : node.entries()) values.push_back(name + "=" + value.text());
    } else if (node.is_list()) {
      for (const YamlNode& item : node.items()) values.push_back(value_of(item));
    } else {
      values.push_back(node.text());
    }
    return values;
  }

  void read_options(const YamlNode& node, const std::vector<std::string_view>& others,
                    BatchValues& values) const {
    for (const auto& [name, value] : node.entries()) {
      if (std::ranges::find(others, name) != others.end() || value.is_null()) continue;
      const BatchOption* option = find(name);
      if (option == nullptr) value.fail(unknown(name));
      if (option->takes_value) {
        values[option->name] = values_of(*option, value);
        if (values[option->name].empty()) values.erase(option->name);  // []: none, whatever the defaults say
      } else if (value.boolean()) {
        values[option->name] = {};
      } else {
        values.erase(option->name);
      }
    }
  }

  void add(const YamlNode& node, const BatchValues& defaults) {
    BatchEntry entry{.line = node.line(),
                     .image = node.require("image").text(),
                     .output = node.require("output").text(),
                     .options = defaults};
    read_options(node, {"image", "output"}, entry.options);
    add(std::move(entry));
  }

  void add_line(std::string_view line, unsigned number) {
    std::vector<std::string> words;
    try {
      words = parse_command(line, "line");
    } catch (const Error& error) {
      fail(number, error.what());
    }
    BatchEntry entry{.line = number, .image = {}, .output = {}, .options = shared_};
    std::vector<std::string> names;
    BatchValues own;
    for (std::size_t at = 0; at < words.size(); ++at) {
      if (!words[at].starts_with("--")) {
        names.push_back(words[at]);
        continue;
      }
      const auto equals = words[at].find('=');
      const std::string name = words[at].substr(2, equals == std::string::npos ? equals : equals - 2);
      const BatchOption* option = find(name);
      if (option == nullptr) fail(number, words[at] + ": " + unknown(name));
      if (option->takes_value == (equals != std::string::npos)) {
        std::vector<std::string>& values = own[option->name];
        if (option->takes_value) values.push_back(words[at].substr(equals + 1));
      } else if (option->takes_value && at + 1 < words.size()) {
        own[option->name].push_back(words[++at]);
      } else {
        fail(number, words[at] + (option->takes_value ? ": expected a value" : ": expected no value"));
      }
    }
    if (names.size() < 2) fail(number, "expected IMAGE DEST [PROBE-FILE...] [--OPTION [VALUE]...]");
    entry.image = names[0];
    entry.output = names[1];
    for (std::size_t at = 2; at < names.size(); ++at) own[std::string(singular)].push_back(names[at]);
    for (auto& [name, values] : own) entry.options[name] = std::move(values);
    add(std::move(entry));
  }

  void add(BatchEntry entry) {
    if (entries_.size() == images_cap) fail(entry.line, fmt::format("more than {} images", images_cap));
    for (const std::string* text : {&entry.image, &entry.output}) {
      if (text->empty()) fail(entry.line, "expected an image and an output that are not empty");
    }
    const auto tag = entry.options.find("tag");
    const std::string place = entry.output + (tag == entry.options.end() ? "" : " " + tag->second.at(0));
    const auto [other, first] = lines_.try_emplace(place, entry.line);
    if (!first) fail(entry.line, fmt::format("{}: line {} has the same output", entry.output, other->second));
    entries_.push_back(std::move(entry));
  }

  const std::string& file_;
  const std::vector<BatchOption>& options_;
  const BatchValues& shared_;
  std::map<std::string, unsigned> lines_;  ///< of the outputs so far
  std::vector<BatchEntry> entries_;
};

/// The first line that says something.
std::string_view first_line(std::string_view text) {
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const auto first = line.find_first_not_of(" \t\r");
    if (first != std::string_view::npos && line[first] != '#') return line.substr(first);
  }
  return {};
}

bool is_yaml(std::string_view text) {
  const std::string_view line = first_line(text);
  if (line.starts_with('[') || line.starts_with('{') || line.starts_with("---") || line == "-" ||
      line.starts_with("- "))
    return true;
  const auto colon = line.find(':');
  const bool is_key = colon != std::string_view::npos && colon != 0 &&
                      std::ranges::all_of(line.substr(0, colon), [](unsigned char c) {
                        return std::isalnum(c) != 0 || c == '_' || c == '-';
                      });
  return is_key && (colon + 1 == line.size() || line[colon + 1] == ' ' || line[colon + 1] == '\r');
}

}  // namespace

std::vector<BatchOption> batch_options(const CLI::App& command) {
  std::vector<BatchOption> options;
  for (const CLI::Option* option : command.get_options()) {
    if (option->get_lnames().empty()) continue;
    const std::string& name = option->get_lnames().front();
    if (std::ranges::find(of_the_command, name) != of_the_command.end()) continue;
    options.push_back({.name = name,
                       .takes_value = option->get_items_expected_max() > 0,
                       .repeats = option->get_items_expected_max() > 1});
  }
  return options;
}

std::vector<BatchEntry> parse_batch(const std::string& text, const std::string& file,
                                    const std::vector<BatchOption>& options, const BatchValues& shared) {
  Reader reader(file, options, shared);
  std::vector<BatchEntry> entries = is_yaml(text) ? reader.yaml(text) : reader.lines(text);
  if (entries.empty()) throw Error(ErrorKind::input, file, "it names no image");
  return entries;
}

std::vector<std::string> option_words(const BatchValues& options) {
  std::vector<std::string> words;
  for (const auto& [name, values] : options) {
    if (values.empty()) words.push_back("--" + name);
    for (const std::string& value : values) words.push_back(fmt::format("--{}={}", name, value));
  }
  return words;
}

}  // namespace slim
