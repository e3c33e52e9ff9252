// Follows the Apache HTTP Server's documentation: Configuration Files, Directive Index ("relative to
// ServerRoot").
#include "analyzer/apache.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace slim {
namespace {

constexpr std::size_t max_paths = 4096;
constexpr std::size_t max_words = 64;
constexpr std::string_view blanks = " \t\r";

struct Directive {
  std::string_view name;  ///< in small letters
  std::size_t first = 1;  ///< the first word that is a path
  bool more = false;      ///< and so are those behind it
};

constexpr auto directives = std::to_array<Directive>({{.name = "loadmodule", .first = 2},
                                                      {.name = "loadfile", .more = true},
                                                      {.name = "include"},
                                                      {.name = "includeoptional"},
                                                      {.name = "documentroot"},
                                                      {.name = "typesconfig"},
                                                      {.name = "mimemagicfile"},
                                                      {.name = "authuserfile"},
                                                      {.name = "authgroupfile"},
                                                      {.name = "sslcertificatefile"},
                                                      {.name = "sslcertificatekeyfile"},
                                                      {.name = "sslcertificatechainfile"},
                                                      {.name = "sslcacertificatefile"},
                                                      {.name = "sslcacertificatepath"},
                                                      {.name = "sslcarevocationfile"},
                                                      {.name = "sslopenssldhparameters"}});

/// Apart by blanks; in quotes, blanks are part of a word.
std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  while (words.size() < max_words) {
    const auto start = line.find_first_not_of(blanks);
    if (start == std::string_view::npos) break;
    line.remove_prefix(start);
    const char quote = line.front();
    const bool quoted = quote == '"' || quote == '\'';
    if (quoted) line.remove_prefix(1);
    const std::size_t end = std::min(quoted ? line.find(quote) : line.find_first_of(blanks), line.size());
    words.push_back(line.substr(0, end));
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return words;
}

bool is_plain(std::string_view path) {
  return !path.empty() && path.find_first_of("$%\\") == std::string_view::npos;
}

}  // namespace

bool may_be_apaches(std::string_view path) {
  return path.ends_with(".conf") || path.find("/apache2/") != std::string_view::npos ||
         path.find("/httpd/") != std::string_view::npos;
}

bool is_apache_directive(std::string_view word, std::string_view lower) {
  return std::ranges::equal(word, lower, [](char one, char other) {
    return (one >= 'A' && one <= 'Z' ? one - 'A' + 'a' : one) == other;
  });
}

ApacheFacts read_apache(std::string_view text) {
  ApacheFacts facts;
  for (std::size_t line = 1; !text.empty(); ++line) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::vector<std::string_view> words = words_of(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (words.size() < 2 || words[0].starts_with('#')) continue;
    if (is_apache_directive(words[0], "serverroot") && words[1].starts_with('/') && is_plain(words[1]))
      facts.server_root = words[1];
    const auto* const known = std::ranges::find_if(directives, [&words](const Directive& directive) {
      return is_apache_directive(words[0], directive.name);
    });
    if (known == directives.end()) continue;
    for (std::size_t i = known->first; i < words.size() && facts.paths.size() < max_paths; ++i) {
      if (is_plain(words[i]) && !words[i].starts_with('/'))
        facts.paths.push_back({.text = std::string(words[i]), .line = line});
      if (!known->more) break;
    }
  }
  return facts;
}

}  // namespace slim
