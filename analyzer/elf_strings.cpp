// The idea: nearly all bytes of a program are no paths, so the scan jumps with memchr and memmem from one '/'
// or ".so" to the next and looks at the surroundings only there. Whoever uses the result asks the image
// whether a path exists, so a false candidate costs little; a lost one costs a file that is needed.
#include "analyzer/elf_strings.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace slim {
namespace {

constexpr std::size_t max_found = 20'000;
constexpr std::size_t max_found_bytes = 1U << 20U;
constexpr std::size_t max_path = 4096;      // PATH_MAX
constexpr std::size_t max_component = 255;  // NAME_MAX
constexpr std::size_t max_library_name = 128;
constexpr std::size_t max_shell_text = 1024;

enum CharClass : std::uint8_t {
  printable = 1,       // graphic ASCII
  opens_path = 2,      // a path may begin behind it
  closes_path = 4,     // a path ends before it
  begins_pattern = 8,  // printf directives, globs, variables: the name is made at run time
  library_char = 16,   // may stand in the name of a library, folders included
  path_head = 32,      // may follow the first slash
};

constexpr std::array<std::uint8_t, 256> make_classes() {
  std::array<std::uint8_t, 256> classes{};
  const auto add = [&classes](std::string_view characters, std::uint8_t bit) {
    for (const char c : characters) {
      auto& entry = classes[static_cast<unsigned char>(c)];
      entry = static_cast<std::uint8_t>(entry | bit);
    }
  };
  for (unsigned c = 0x21; c < 0x7f; ++c) classes[c] = printable;
  constexpr std::string_view alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  add(" \t\n\r\"'=:,;([<>@!|`{&", opens_path);
  add(" \t\n\r\v\f\"'`:;,)]}<>|&\\", closes_path);
  add("%*?${", begins_pattern);
  add(alphanumeric, library_char | path_head);
  add("_.", library_char | path_head);
  add("+-/@", library_char);
  return classes;
}

constexpr auto classes = make_classes();

bool has(char c, std::uint8_t bits) {
  return (classes[static_cast<unsigned char>(c)] & bits) != 0;
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

class Collection {
 public:
  void add(std::string_view found) {
    if (full_ || found_.contains(found)) return;
    if (found_.size() == max_found || bytes_ + found.size() > max_found_bytes) {
      full_ = true;
      return;
    }
    bytes_ += found.size();
    found_.insert(found);
  }
  [[nodiscard]] bool full() const { return full_; }
  [[nodiscard]] std::vector<std::string> sorted() const {
    std::vector<std::string> result(found_.begin(), found_.end());
    std::ranges::sort(result);
    return result;
  }

 private:
  std::unordered_set<std::string_view> found_;
  std::size_t bytes_ = 0;
  bool full_ = false;
};

/// Go and Rust put their strings side by side without a NUL between them: there, only the name of a
/// well-known folder tells a path from the middle of another text.
bool names_top_folder(std::string_view text) {
  constexpr auto folders = std::to_array<std::string_view>(
      {"/app/", "/bin/", "/config/", "/data/", "/etc/", "/home/", "/lib/", "/lib64/", "/mnt/", "/opt/",
       "/root/", "/run/", "/sbin/", "/srv/", "/tmp/", "/usr/", "/var/", "/www/"});
  return std::ranges::any_of(folders, [text](std::string_view folder) { return text.starts_with(folder); });
}

bool path_may_begin(std::string_view data, std::size_t slash) {
  if (slash == 0) return true;
  const char before = data[slash - 1];
  if (has(before, opens_path) || !has(before, printable)) return true;
  constexpr std::string_view scheme = "file://";
  if (slash >= scheme.size() && data.substr(slash - scheme.size(), scheme.size()) == scheme) return true;
  return before != '/' && names_top_folder(data.substr(slash));
}

/// `path` up to the end of its first component that is too long for a name; what follows is other text.
std::string_view with_fitting_components(std::string_view path) {
  std::size_t start = 0;
  while (start < path.size()) {
    const std::size_t slash = std::min(path.find('/', start), path.size());
    if (slash - start > max_component) return path.substr(0, start + max_component);
    start = slash + 1;
  }
  return path;
}

/// The path that begins at data[slash], or an empty view.
std::string_view path_at(std::string_view data, std::size_t slash) {
  std::string_view rest = data.substr(slash, max_path + 1);
  if (rest.size() < 2 || !has(rest[1], path_head)) return {};
  std::size_t end = 1;
  while (end < rest.size() && has(rest[end], printable) && !has(rest[end], closes_path | begins_pattern))
    ++end;
  if (end > max_path || end == rest.size()) return {};
  if (has(rest[end], begins_pattern)) {
    while (rest[end - 1] != '/') --end;
  } else if (rest[end] != '\0' && !has(rest[end], closes_path)) {
    return {};  // runs into binary data: no string
  }
  rest = rest.substr(0, end);
  while (rest.size() > 1 && (rest.back() == '/' || rest.back() == '.')) rest.remove_suffix(1);
  if (rest.size() < 2) return {};
  return with_fitting_components(rest);
}

void find_paths(std::string_view data, Collection& paths) {
  std::size_t at = 0;
  while (at < data.size() && !paths.full()) {
    const void* hit = std::memchr(data.data() + at, '/', data.size() - at);
    if (hit == nullptr) return;
    const auto slash = static_cast<std::size_t>(static_cast<const char*>(hit) - data.data());
    at = slash + 1;
    if (!path_may_begin(data, slash)) continue;
    const std::string_view path = path_at(data, slash);
    if (path.empty()) continue;
    paths.add(path);
  }
}

/// Where the name ends whose ".so" is at `dot`; npos where what follows makes it no library.
std::size_t library_end(std::string_view data, std::size_t dot) {
  std::size_t end = dot + 3;
  while (end + 1 < data.size() && data[end] == '.' && is_digit(data[end + 1])) {
    ++end;
    while (end < data.size() && is_digit(data[end])) ++end;
    if (end - dot > max_library_name) return std::string_view::npos;
  }
  // a full stop that ends a sentence is no part of the name
  if (end + 1 < data.size() && data[end] == '.' && !has(data[end + 1], printable)) return end;
  if (end == data.size() || data[end] == '\0' || has(data[end], closes_path)) return end;
  return std::string_view::npos;
}

std::string_view library_at(std::string_view data, std::size_t dot) {
  const std::size_t end = library_end(data, dot);
  if (end == std::string_view::npos) return {};
  std::size_t begin = dot;
  while (begin > 0 && dot - begin < max_path && has(data[begin - 1], library_char)) --begin;
  if (begin > 0 && has(data[begin - 1], printable) && !has(data[begin - 1], opens_path)) return {};
  std::string_view name = data.substr(begin, end - begin);
  while (!name.empty() && name.front() == '@') name.remove_prefix(1);
  const std::size_t slash = name.rfind('/');
  const std::string_view base = slash == std::string_view::npos ? name : name.substr(slash + 1);
  if (base.starts_with(".so") || base.size() > max_library_name) return {};
  return name.starts_with('/') ? base : name;
}

void find_libraries(std::string_view data, Collection& names) {
  std::size_t at = 0;
  while (at < data.size() && !names.full()) {
    const void* hit = memmem(data.data() + at, data.size() - at, ".so", 3);
    if (hit == nullptr) return;
    const auto dot = static_cast<std::size_t>(static_cast<const char*>(hit) - data.data());
    at = dot + 3;
    const std::string_view name = library_at(data, dot);
    if (!name.empty()) names.add(name);
  }
}

/// Rust's strings have no end of their own, and those of one call lie side by side: Command::new("sh")
/// .args(["-c", TEXT]) is "sh-cTEXT". Whether the text is one for a shell shows where its commands are.
void find_shell_texts(std::string_view data, Collection& texts) {
  constexpr std::string_view mark = "sh-c";
  std::size_t at = 0;
  while (at < data.size() && !texts.full()) {
    const void* hit = memmem(data.data() + at, data.size() - at, mark.data(), mark.size());
    if (hit == nullptr) return;
    const std::size_t begin =
        static_cast<std::size_t>(static_cast<const char*>(hit) - data.data()) + mark.size();
    std::size_t end = begin;
    while (end < data.size() && end - begin < max_shell_text &&
           (has(data[end], printable) || data[end] == ' ' || data[end] == '\t' || data[end] == '\n'))
      ++end;
    at = begin;
    if (end != begin) texts.add(data.substr(begin, end - begin));
  }
}

}  // namespace

FoundStrings find_strings(std::span<const std::string_view> regions) {
  Collection paths;
  Collection names;
  Collection texts;
  for (const std::string_view region : regions) {
    find_paths(region, paths);
    find_libraries(region, names);
    find_shell_texts(region, texts);
  }
  return {.library_names = names.sorted(),
          .absolute_paths = paths.sorted(),
          .shell_texts = texts.sorted(),
          .capped = paths.full() || names.full() || texts.full()};
}

}  // namespace slim
