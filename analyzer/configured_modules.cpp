// The formats are alike: lines of words, '#' begins a comment.
#include "analyzer/configured_modules.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "analyzer/apache.h"

namespace slim {
namespace {

constexpr std::size_t max_modules = 1024;
constexpr std::string_view blanks = " \t\r\f\v";

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

/// Words apart by blanks; [several in brackets] are one, as PAM and NSS have their actions.
std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  while (!(line = trimmed(line)).empty()) {
    const bool bracket = line.front() == '[';
    const std::size_t end = bracket ? line.find(']') : line.find_first_of(blanks);
    const std::size_t size = end == std::string_view::npos ? line.size() : end + (bracket ? 1 : 0);
    words.push_back(line.substr(0, size));
    line.remove_prefix(size);
  }
  return words;
}

class ModuleFinder {
 public:
  /// [SERVICE] TYPE CONTROL MODULE ARGUMENT...: the service only in pam.conf.
  void pam_line(std::string_view line, bool with_service) {
    const std::vector<std::string_view> words = words_of(line);
    const std::size_t control = with_service ? 2 : 1;
    if (words.size() < control + 2 || words[control] == "include" || words[control] == "substack") return;
    std::string name(words[control + 1]);
    constexpr std::string_view isa = "$ISA/";  // a folder that is there on old systems of two word sizes only
    if (const std::size_t at = name.find(isa); at != std::string::npos) name.erase(at, isa.size());
    add(std::move(name), "security");
  }

  void openssl_line(std::string_view line) {
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) return;
    const std::string_view key = trimmed(line.substr(0, equals));
    std::string_view value = trimmed(line.substr(equals + 1));
    if (value.size() > 1 && (value.front() == '"' || value.front() == '\'') && value.back() == value.front())
      value = value.substr(1, value.size() - 2);
    // keys may have a prefix that makes them unique: "1.dynamic_path"
    const std::string_view last = key.substr(key.rfind('.') + 1);
    if (last == "module") add(std::string(value), "ossl-modules");
    if (last == "dynamic_path") add(std::string(value), "engines-3");
  }

  /// DATABASE: SERVICE [ACTION] SERVICE...
  void nss_line(std::string_view line) {
    constexpr auto known = std::to_array<std::string_view>(
        {"files", "dns", "compat", "myhostname", "resolve", "systemd", "mymachines", "extrausers", "sss"});
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return;
    for (const std::string_view service : words_of(line.substr(colon + 1))) {
      if (service.front() == '[' || std::ranges::find(known, service) != known.end()) continue;
      add("libnss_" + std::string(service) + ".so.2", "");
    }
  }

  /// RewriteMap NAME dbm[=KIND]:PATH: Apache's own kind of database is inside libaprutil, the others are
  /// drivers.
  void apache_line(std::string_view line) {
    constexpr auto kinds = std::to_array<std::string_view>({"db", "gdbm", "ndbm", "lmdb"});
    const std::vector<std::string_view> words = words_of(line);
    if (words.size() < 3 || !is_apache_directive(words[0], "rewritemap")) return;
    std::string_view map = words[2];
    while (map.starts_with('"') || map.starts_with('\'')) map.remove_prefix(1);
    const bool told = map.starts_with("dbm=");
    if (!told && !map.starts_with("dbm:")) return;
    const std::string_view asked = map.substr(4, map.find(':', 4) - 4);
    const bool one = told && std::ranges::find(kinds, asked) != kinds.end();
    if (told && asked == "sdbm") return;
    for (const std::string_view kind : kinds) {
      if (one && kind != asked) continue;
      for (const std::string_view ending : {"-1.so", ".so"})
        add(fmt::format("apr_dbm_{}{}", kind, ending), "apr-util-1");
    }
  }

  void next_line() { ++line_; }
  std::vector<ConfiguredModule> take() { return std::move(found_); }

 private:
  void add(std::string name, std::string folder) {
    const bool climbs = !name.starts_with('/') && name.find('/') != std::string::npos;
    if (name.empty() || climbs || found_.size() >= max_modules) return;
    found_.push_back({.name = std::move(name), .line = line_, .folder = std::move(folder)});
  }

  std::size_t line_ = 1;
  std::vector<ConfiguredModule> found_;
};

}  // namespace

std::vector<ConfiguredModule> configured_modules(std::string_view path, std::string_view text) {
  const bool pam_conf = path == "/etc/pam.conf";
  const bool pam = pam_conf || path.starts_with("/etc/pam.d/");
  const bool openssl = path.ends_with("/openssl.cnf");
  const bool nss = path == "/etc/nsswitch.conf";
  const bool apache = !nss && may_be_apaches(path);
  if (!pam && !openssl && !nss && !apache) return {};
  ModuleFinder finder;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view whole = text.substr(0, end);
    const std::string_view line = trimmed(whole.substr(0, whole.find('#')));
    if (pam) {
      finder.pam_line(line, pam_conf);
    } else if (openssl) {
      finder.openssl_line(line);
    } else if (apache) {
      finder.apache_line(line);
    } else {
      finder.nss_line(line);
    }
    text.remove_prefix(std::min(end + 1, text.size()));
    finder.next_line();
  }
  return finder.take();
}

}  // namespace slim
