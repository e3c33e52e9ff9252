// JSON with errors that a person can act on.
#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace slim {

/// Parses `text`. A syntax error is an input Error: `where: line L, column C: what was expected`.
/// Comments (// and /* */) are allowed where `comments` says so.
nlohmann::json parse_json(std::string_view text, const std::string& where, bool comments = false);

/// 1-based line and column of `offset` in `text`, as "line L, column C".
std::string place_in_text(std::string_view text, std::size_t offset);

}  // namespace slim
