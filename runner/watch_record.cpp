#include "runner/watch_record.h"

#include <charconv>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <utility>
#include <vector>

#include "runner/sandbox.h"

namespace slim {
namespace {

constexpr std::string_view path_record = "path";
constexpr std::string_view uses_record = "uses";
constexpr std::string_view process_record = "process";
constexpr std::string_view incomplete_record = "incomplete";

void append_word(std::string& out, std::string_view word) {
  out.append(word).push_back('\0');
}

class Words {
 public:
  explicit Words(std::string_view text) : text_(text) {}
  [[nodiscard]] bool at_end() const { return text_.empty(); }
  std::optional<std::string_view> next() {
    const auto end = text_.find('\0');
    if (end == std::string_view::npos) return std::nullopt;
    const auto word = text_.substr(0, end);
    text_.remove_prefix(end + 1);
    return word;
  }
  std::optional<unsigned> next_number() {
    const auto word = next();
    unsigned value = 0;
    if (!word || std::from_chars(word->data(), word->data() + word->size(), value).ec != std::errc{})
      return std::nullopt;
    return value;
  }

 private:
  std::string_view text_;
};

class Reader {
 public:
  explicit Reader(std::string_view text) : words_(text) {}

  Watched read() {
    bool whole = true;
    while (whole && !words_.at_end()) whole = record();
    if (!whole) watched_.complete = false;
    return std::move(watched_);
  }

 private:
  bool record() {
    const auto kind = words_.next();
    if (!kind) return false;
    if (*kind == path_record) return path();
    if (*kind == uses_record) return uses();
    if (*kind == process_record) return process();
    if (*kind != incomplete_record) return false;
    watched_.complete = false;
    return true;
  }

  bool path() {
    const auto uses = words_.next_number();
    const auto path = words_.next();
    const auto program = words_.next();
    const auto call = words_.next();
    if (!uses || !path || !program || !call) return false;
    if (index_.try_emplace(std::string(*path), watched_.paths.size()).second) {
      watched_.paths.push_back({.path = std::string(*path),
                                .uses = *uses,
                                .program = std::string(*program),
                                .call = std::string(*call)});
    }
    return true;
  }

  bool uses() {
    const auto uses = words_.next_number();
    const auto path = words_.next();
    if (!uses || !path) return false;
    const auto known = index_.find(std::string(*path));
    if (known != index_.end()) watched_.paths[known->second].uses |= *uses;
    return true;
  }

  bool process() {
    const auto count = words_.next_number();
    const auto program = words_.next();
    if (!count || !program) return false;
    StartedProcess process{.program = std::string(*program), .argv = {}};
    for (unsigned i = 0; i < *count; ++i) {
      const auto word = words_.next();
      if (!word) return false;
      process.argv.emplace_back(*word);
    }
    watched_.processes.push_back(std::move(process));
    return true;
  }

  Words words_;
  Watched watched_;
  std::unordered_map<std::string, std::size_t> index_;
};

}  // namespace

void append_path(std::string& out, const AskedPath& path) {
  append_word(out, path_record);
  append_word(out, std::to_string(path.uses));
  append_word(out, path.path);
  append_word(out, path.program);
  append_word(out, path.call);
}

void append_uses(std::string& out, std::string_view path, unsigned uses) {
  append_word(out, uses_record);
  append_word(out, std::to_string(uses));
  append_word(out, path);
}

void append_process(std::string& out, const StartedProcess& process) {
  append_word(out, process_record);
  append_word(out, std::to_string(process.argv.size()));
  append_word(out, process.program);
  for (const auto& word : process.argv) append_word(out, word);
}

void append_incomplete(std::string& out) {
  append_word(out, incomplete_record);
}

Watched read_records(std::string_view text) {
  return Reader(text).read();
}

std::vector<std::string> asked_names(const Watched& watched) {
  std::vector<std::string> names;
  names.reserve(watched.paths.size());
  for (const auto& path : watched.paths) names.push_back(path.path);
  return names;
}

}  // namespace slim
