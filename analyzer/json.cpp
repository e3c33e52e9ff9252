// nlohmann's parser, with the place of an error in lines and columns and a bound on the depth.
#include "analyzer/json.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analyzer/error.h"

namespace slim {
namespace {

/// Whoever copies or prints a document goes down its levels one call each; what no document needs is not let
/// in.
constexpr int deepest = 100;

/// The part of nlohmann's message that says what was wrong, without its own idea of the place.
std::string reason_of(const nlohmann::json::exception& error) {
  const std::string text = error.what();
  const auto start = text.find(" - ");
  const auto detail = text.find("syntax error");
  if (detail != std::string::npos) return text.substr(detail);
  if (start != std::string::npos) return text.substr(start + 3);
  const auto name = text.find("] ");  // [json.exception.out_of_range.406] ...
  return name == std::string::npos ? text : text.substr(name + 2);
}

}  // namespace

std::string place_in_text(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, std::min(offset, text.size()));
  const auto line = std::ranges::count(before, '\n') + 1;
  const auto newline = before.rfind('\n');
  const auto column = newline == std::string_view::npos ? before.size() + 1 : before.size() - newline;
  return fmt::format("line {}, column {}", line, column);
}

nlohmann::json parse_json(std::string_view text, const std::string& where, bool comments) {
  const auto guard = [&](int depth, nlohmann::json::parse_event_t /*event*/, nlohmann::json& /*value*/) {
    if (depth <= deepest) return true;
    throw Error(ErrorKind::input, where, fmt::format("nested deeper than {} levels", deepest));
  };
  try {
    return nlohmann::json::parse(text, guard, true, comments);
  } catch (const nlohmann::json::parse_error& error) {
    const std::size_t offset = error.byte == 0 ? 0 : error.byte - 1;
    throw Error(ErrorKind::input, where,
                fmt::format("{}: not valid JSON: {}", place_in_text(text, offset), reason_of(error)));
  } catch (const nlohmann::json::out_of_range& error) {  // a number beyond what a double holds
    throw Error(ErrorKind::input, where, "not valid JSON: " + reason_of(error));
  }
}

}  // namespace slim
