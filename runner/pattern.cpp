// RE2 never backtracks; its memory for one pattern is bounded by its options (8 MiB by default). Patterns
// and texts are bytes that are read as UTF-8; what is not UTF-8 in a text matches no letter, and breaks
// nothing.
#include "runner/pattern.h"

#include <cstddef>
#include <expected>
#include <memory>
#include <re2/re2.h>
#include <re2/stringpiece.h>
#include <string>
#include <string_view>
#include <utility>

namespace slim {
namespace {

re2::StringPiece piece(std::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace

std::expected<Pattern, std::string> Pattern::compile(const std::string& text) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  auto compiled = std::make_shared<const re2::RE2>(piece(text), options);
  if (!compiled->ok()) return std::unexpected(compiled->error());
  return Pattern(text, std::move(compiled));
}

bool Pattern::found_in(std::string_view text) const {
  return re2::RE2::PartialMatch(piece(text), *compiled_);
}

std::string Pattern::replaced_in(std::string_view text, std::string_view by) const {
  std::string result;
  std::size_t at = 0;
  re2::StringPiece match;
  while (at <= text.size() &&
         compiled_->Match(piece(text), at, text.size(), re2::RE2::UNANCHORED, &match, 1)) {
    const auto begin = static_cast<std::size_t>(match.data() - text.data());
    result += text.substr(at, begin - at);
    at = begin + match.size();
    if (!match.empty()) {
      result += by;
    } else if (at < text.size()) {
      result += text[at++];  // an empty match is no match: one step on
    } else {
      ++at;
    }
  }
  if (at < text.size()) result += text.substr(at);
  return result;
}

}  // namespace slim
