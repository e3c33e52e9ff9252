// RFC 9110, 11.3 and 11.6.1: commas separate both challenges and the parameters of one; a word with no `=`
// behind it begins a challenge.
#include "analyzer/auth_challenge.h"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace slim {
namespace {

class ChallengeReader {
 public:
  explicit ChallengeReader(std::string_view text) : rest_(text) {}

  std::vector<AuthChallenge> read() {
    std::vector<AuthChallenge> all;
    while (true) {
      skip(" \t,");
      std::string name = word();
      if (name.empty()) return all;
      const std::size_t spaces = skip(" \t");
      if (!take('=')) {
        all.push_back({.scheme = std::move(name), .values = {}});
        if (spaces == 0 && !rest_.empty() && rest_.front() != ',') return all;
        continue;
      }
      skip(" \t");
      if (all.empty()) return all;
      all.back().values[std::move(name)] = value();
    }
  }

 private:
  std::size_t skip(std::string_view of) {
    const std::size_t count = std::min(rest_.find_first_not_of(of), rest_.size());
    rest_.remove_prefix(count);
    return count;
  }
  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  /// A token, in lower case.
  std::string word() {
    std::string text;
    while (!rest_.empty() && is_of_token(rest_.front())) {
      text += static_cast<char>(std::tolower(static_cast<unsigned char>(rest_.front())));
      rest_.remove_prefix(1);
    }
    return text;
  }
  static bool is_of_token(char c) {
    constexpr std::string_view others = "!#$%&'*+-.^_`|~";
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || others.find(c) != std::string_view::npos;
  }

  std::string value() {
    std::string text;
    if (!take('"')) {
      const std::size_t end = std::min(rest_.find_first_of(" \t,"), rest_.size());
      text = rest_.substr(0, end);
      rest_.remove_prefix(end);
      return text;
    }
    while (!rest_.empty() && !take('"')) {
      if (take('\\') && rest_.empty()) break;
      text += rest_.front();
      rest_.remove_prefix(1);
    }
    return text;
  }

  std::string_view rest_;
};

}  // namespace

std::vector<AuthChallenge> read_auth_challenges(std::string_view header) {
  return ChallengeReader(header).read();
}

}  // namespace slim
