// Keys are known by their PEM header with base64 behind it (RFC 7468; OpenSSH's PROTOCOL.key), tokens by the
// prefixes and lengths that their issuers publish, so that a line of text that merely speaks of one is not
// taken for it. One pass over the text stops only at the few characters that such a prefix has.
#include "analyzer/secrets.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace slim {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::string_view pem_begin = "-----BEGIN ";
constexpr auto npos = std::string_view::npos;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}
bool is_upper_or_digit(char c) {
  return is_upper(c) || is_digit(c);
}
char to_upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}
bool is_alnum(char c) {
  return is_digit(c) || is_upper(c) || (c >= 'a' && c <= 'z');
}
bool is_word(char c) {
  return is_alnum(c) || c == '_' || c == '-';
}
bool is_base64(char c) {
  return is_alnum(c) || c == '+' || c == '/' || c == '=';
}

template <std::size_t N>
bool ends_with_any(std::string_view text, const std::array<std::string_view, N>& endings) {
  return std::ranges::any_of(endings, [text](std::string_view ending) { return text.ends_with(ending); });
}

struct TokenShape {
  std::string_view prefix;
  std::size_t marked;     ///< the place in the prefix of the character that the search stops at
  std::size_t at_least;   ///< characters behind the prefix
  bool (*allowed)(char);  ///< of those
  SecretShape shape;
};

constexpr std::array token_shapes{
    TokenShape{.prefix = "AKIA",
               .marked = 2,
               .at_least = 16,
               .allowed = is_upper_or_digit,
               .shape = SecretShape::aws_access_key},
    TokenShape{.prefix = "AIza",
               .marked = 1,
               .at_least = 35,
               .allowed = is_word,
               .shape = SecretShape::google_api_key},
    TokenShape{.prefix = "ghp_",
               .marked = 3,
               .at_least = 36,
               .allowed = is_alnum,
               .shape = SecretShape::github_token},
    TokenShape{.prefix = "gho_",
               .marked = 3,
               .at_least = 36,
               .allowed = is_alnum,
               .shape = SecretShape::github_token},
    TokenShape{.prefix = "ghs_",
               .marked = 3,
               .at_least = 36,
               .allowed = is_alnum,
               .shape = SecretShape::github_token},
    TokenShape{.prefix = "ghr_",
               .marked = 3,
               .at_least = 36,
               .allowed = is_alnum,
               .shape = SecretShape::github_token},
    TokenShape{.prefix = "github_pat_",
               .marked = 10,
               .at_least = 60,
               .allowed = is_word,
               .shape = SecretShape::github_token},
    TokenShape{.prefix = "glpat-",
               .marked = 5,
               .at_least = 20,
               .allowed = is_word,
               .shape = SecretShape::gitlab_token},
    TokenShape{.prefix = "xoxb-",
               .marked = 4,
               .at_least = 30,
               .allowed = is_word,
               .shape = SecretShape::slack_token},
    TokenShape{.prefix = "xoxp-",
               .marked = 4,
               .at_least = 30,
               .allowed = is_word,
               .shape = SecretShape::slack_token},
    TokenShape{
        .prefix = "npm_", .marked = 3, .at_least = 36, .allowed = is_alnum, .shape = SecretShape::npm_token},
    TokenShape{.prefix = "pypi-AgEIcHlwaS5vcmc",
               .marked = 4,
               .at_least = 50,
               .allowed = is_word,
               .shape = SecretShape::pypi_token},
    TokenShape{.prefix = "sk_live_",
               .marked = 7,
               .at_least = 24,
               .allowed = is_alnum,
               .shape = SecretShape::stripe_key},
};

/// A run of one letter, or one that says what it is, is no secret.
bool is_placeholder(std::string_view token) {
  std::bitset<256> seen;
  for (const char c : token) seen.set(static_cast<std::uint8_t>(c));
  return seen.count() < 8 || token.find("EXAMPLE") != npos || token.find("0123456789") != npos;
}

SecretShape token_at(std::string_view text, std::size_t marked_at) {
  for (const TokenShape& shape : token_shapes) {
    if (marked_at < shape.marked || shape.prefix[shape.marked] != text[marked_at]) continue;
    const std::size_t start = marked_at - shape.marked;
    if (!text.substr(start).starts_with(shape.prefix)) continue;
    if (start > 0 && is_word(text[start - 1])) continue;
    const std::string_view rest = text.substr(start + shape.prefix.size());
    const auto end = std::ranges::find_if_not(rest, shape.allowed);
    const std::string_view token = rest.substr(0, static_cast<std::size_t>(end - rest.begin()));
    const bool exact = shape.shape == SecretShape::aws_access_key;  // which is 20 characters long, always
    if (token.size() < shape.at_least || (exact && token.size() != shape.at_least)) continue;
    if (!is_placeholder(token)) return shape.shape;
  }
  return SecretShape::none;
}

/// Takes line ends off, also those of a JSON string.
void skip_line_ends(std::string_view& text) {
  while (!text.empty()) {
    if (text.starts_with("\\n") || text.starts_with("\\r")) {
      text.remove_prefix(2);
    } else if (text[0] == '\n' || text[0] == '\r' || text[0] == ' ' || text[0] == '\t') {
      text.remove_prefix(1);
    } else {
      return;
    }
  }
}

std::string_view line_of(std::string_view text) {
  return text.substr(0, text.find_first_of("\r\n\\"));
}

/// `text` starts with pem_begin.
SecretShape key_at(std::string_view text) {
  constexpr std::size_t longest_start = 1024;  // to the end of the first line of base64: a bound to the work
  constexpr std::size_t longest_label = 40;
  constexpr std::size_t shortest_line = 32;
  text = text.substr(pem_begin.size(), longest_start);
  const auto dashes = text.substr(0, longest_label).find("-----");
  if (dashes == npos) return SecretShape::none;
  const std::string_view label = text.substr(0, dashes);
  if (!label.ends_with("PRIVATE KEY") && label != "PGP PRIVATE KEY BLOCK") return SecretShape::none;
  bool encrypted = label.starts_with("ENCRYPTED");
  text.remove_prefix(dashes + 5);
  skip_line_ends(text);
  while (true) {  // header lines: Proc-Type, DEK-Info, Version
    const std::string_view header = line_of(text);
    if (header.find(": ") == npos) break;
    encrypted = encrypted || header.ends_with(",ENCRYPTED");
    text.remove_prefix(header.size());
    skip_line_ends(text);
  }
  const auto end = std::ranges::find_if_not(text, is_base64);
  const std::string_view body = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  if (body.size() < shortest_line || is_placeholder(body)) return SecretShape::none;
  // "openssh-key-v1\0", and the length and name of the cipher "none".
  if (label.starts_with("OPENSSH")) encrypted = !body.starts_with("b3BlbnNzaC1rZXktdjEAAAAABG5vbmU");
  return encrypted ? SecretShape::encrypted_private_key : SecretShape::private_key;
}

/// A file that is known for holding logins, and a word behind which one stands.
struct LoginFile {
  std::string_view ending;  ///< of "/" and the path
  std::string_view word;
};

constexpr std::array login_files{
    LoginFile{.ending = "/.npmrc", .word = "_authToken"},
    LoginFile{.ending = "/.npmrc", .word = "_password"},
    LoginFile{.ending = "/.npmrc", .word = "_auth="},
    LoginFile{.ending = "/.netrc", .word = "password"},
    LoginFile{.ending = "/.pypirc", .word = "password"},
    LoginFile{.ending = "/.my.cnf", .word = "password"},
    LoginFile{.ending = "/.aws/credentials", .word = "aws_secret_access_key"},
    LoginFile{.ending = "/.docker/config.json", .word = "\"auth\""},
    LoginFile{.ending = "/.docker/config.json", .word = "\"identitytoken\""},
    LoginFile{.ending = "/.dockercfg", .word = "\"auth\""},
    LoginFile{.ending = "/.kube/config", .word = "client-key-data"},
    LoginFile{.ending = "/.kube/config", .word = "token"},
};

/// What stands behind a name: quotes, blanks and the sign between taken off. Empty where it is another
/// variable's value or a placeholder.
std::string_view value_behind(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t=:\"'"), text.size()));
  text = text.substr(0, text.find_first_of(" \t\r\n\"',}#"));
  constexpr auto words = std::to_array<std::string_view>({"null", "none", "true", "false", "changeme"});
  constexpr auto filled_in_later = std::to_array<std::string_view>({"$", "<", "{", "%", "/run/"});
  const bool none =
      text.size() < 4 || std::ranges::find(words, text) != words.end() ||
      std::ranges::any_of(filled_in_later, [text](auto start) { return text.starts_with(start); });
  return none ? std::string_view() : text;
}

bool is_settings(std::string_view name) {
  if (name == ".env") return true;
  constexpr auto samples =
      std::to_array<std::string_view>({"example", "sample", "template", "dist", "defaults", "test"});
  return name.starts_with(".env.") && !ends_with_any(name, samples);
}

bool is_git_login(std::string_view line) {
  const auto scheme = line.find("://");
  const auto at = line.rfind('@');
  return scheme != npos && at != npos && scheme < at &&
         line.substr(scheme + 3, at - scheme - 3).find(':') != npos;
}

bool is_database_login(std::string_view line) {  // host:port:database:user:password
  return std::ranges::count(line, ':') >= 4 && !line.ends_with(':');
}

/// A line of a file that is known for logins, without its comment.
bool holds_login(std::string_view rooted, std::string_view line) {
  const std::string_view name = rooted.substr(rooted.rfind('/') + 1);
  if (is_settings(name)) return is_secret_setting(line);
  if (name == ".git-credentials") return is_git_login(line);
  if (name == ".pgpass") return is_database_login(line);
  return std::ranges::any_of(login_files, [&](const LoginFile& file) {
    if (!rooted.ends_with(file.ending)) return false;
    const auto word = line.find(file.word);
    return word != npos && !value_behind(line.substr(word + file.word.size())).empty();
  });
}

bool is_login_file(std::string_view rooted) {
  const std::string_view name = rooted.substr(rooted.rfind('/') + 1);
  return is_settings(name) || name == ".git-credentials" || name == ".pgpass" ||
         std::ranges::any_of(login_files,
                             [rooted](const LoginFile& file) { return rooted.ends_with(file.ending); });
}

Secret find_login(std::string_view rooted, std::string_view text) {
  std::uint32_t number = 0;
  while (!text.empty()) {
    ++number;
    const auto end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text = end == npos ? std::string_view() : text.substr(end + 1);
    const auto first = line.find_first_not_of(" \t");
    const bool comment = first == npos || line[first] == '#' || line[first] == ';';
    if (!comment && holds_login(rooted, line)) return {.shape = SecretShape::login, .line = number};
  }
  return {};
}

constexpr std::array<bool, 256> stops = [] {
  std::array<bool, 256> table{};
  table['-'] = true;
  for (const TokenShape& shape : token_shapes)
    table.at(static_cast<std::uint8_t>(shape.prefix[shape.marked])) = true;
  return table;
}();

/// Source code of an application; what a package manager puts in place is public.
bool is_application_code(std::string_view path) {
  constexpr auto endings = std::to_array<std::string_view>(
      {".py", ".js", ".mjs", ".ts", ".rb", ".php", ".pl", ".sh", ".tf", ".tfvars", ".sql", ".txt"});
  constexpr auto installed =
      std::to_array<std::string_view>({"usr/lib", "usr/share/", "usr/local/lib", "usr/include/", "lib/",
                                       "usr/local/share/", "usr/local/include/", "var/lib/", "opt/venv/"});
  constexpr auto libraries =
      std::to_array<std::string_view>({"/node_modules/", "/site-packages/", "/dist-packages/", "/vendor/"});
  if (!ends_with_any(path, endings)) return false;
  if (std::ranges::any_of(installed, [path](std::string_view folder) { return path.starts_with(folder); })) {
    return false;
  }
  return std::ranges::none_of(libraries,
                              [path](std::string_view folder) { return path.find(folder) != npos; });
}

std::string rooted_path(std::string_view path) {
  return "/" + std::string(path);
}

}  // namespace

std::string_view to_string(SecretShape shape) {
  switch (shape) {
    case SecretShape::none:
      return "nothing";
    case SecretShape::private_key:
      return "a private key";
    case SecretShape::encrypted_private_key:
      return "a private key with a passphrase";
    case SecretShape::aws_access_key:
      return "an AWS access key";
    case SecretShape::github_token:
      return "a GitHub token";
    case SecretShape::gitlab_token:
      return "a GitLab token";
    case SecretShape::slack_token:
      return "a Slack token";
    case SecretShape::npm_token:
      return "an npm token";
    case SecretShape::pypi_token:
      return "a PyPI token";
    case SecretShape::google_api_key:
      return "a Google API key";
    case SecretShape::stripe_key:
      return "a Stripe key";
    case SecretShape::login:
      return "a login";
  }
  return "nothing";
}

bool may_hold_secret(std::string_view path) {
  constexpr auto key_endings = std::to_array<std::string_view>({".pem", ".key", ".asc"});
  return ends_with_any(path, key_endings) || is_application_code(path) ||
         (path.find('.') != npos && is_login_file(rooted_path(path)));
}

bool is_secret_setting(std::string_view assignment) {
  constexpr auto secret_names =
      std::to_array<std::string_view>({"PASSWORD", "PASSWD", "SECRET", "TOKEN", "API_KEY", "APIKEY",
                                       "ACCESS_KEY", "SECRET_KEY", "PRIVATE_KEY"});
  assignment.remove_prefix(std::min(assignment.find_first_not_of(" \t"), assignment.size()));
  if (assignment.starts_with("export ")) assignment.remove_prefix("export "sv.size());
  const auto equals = assignment.find('=');
  if (equals == npos) return false;
  std::string name(assignment.substr(0, equals));
  const bool identifier = std::ranges::all_of(name, [](char c) { return is_alnum(c) || c == '_'; });
  std::ranges::transform(name, name.begin(), to_upper);
  return identifier && ends_with_any(name, secret_names) &&
         !value_behind(assignment.substr(equals + 1)).empty();
}

Secret find_secret(std::string_view path, std::string_view text) {
  text = text.substr(0, searched_for_secrets);
  const auto stops_at = [](char c) { return stops[static_cast<std::uint8_t>(c)]; };
  for (auto at = std::ranges::find_if(text, stops_at); at != text.end();) {
    const auto offset = static_cast<std::size_t>(at - text.begin());
    SecretShape shape = token_at(text, offset);
    if (shape == SecretShape::none && text.substr(offset).starts_with(pem_begin)) {
      shape = key_at(text.substr(offset));
    }
    if (shape != SecretShape::none) {
      const auto lines = std::ranges::count(text.substr(0, offset), '\n');
      return {.shape = shape, .line = static_cast<std::uint32_t>(lines) + 1};
    }
    at = std::find_if(at + 1, text.end(), stops_at);
  }
  const std::string rooted = rooted_path(path);
  return is_login_file(rooted) ? find_login(rooted, text) : Secret{};
}

}  // namespace slim
