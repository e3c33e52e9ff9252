// A file is known by its first bytes (ELF, #!) or by its name (configuration, package databases), and is kept
// in memory only as far as that needs: most files are not kept at all. A file that lies whole in one block of
// the stream is looked at where it lies.
#include "analyzer/file_facts.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "analyzer/code_facts.h"
#include "analyzer/elf.h"
#include "analyzer/error.h"
#include "analyzer/layer_index.h"
#include "analyzer/secrets.h"

namespace slim {
namespace {

constexpr std::uint64_t largest_elf = std::uint64_t{512} << 20;
constexpr std::uint64_t largest_text = std::uint64_t{256} << 10;
constexpr std::uint64_t largest_script = std::uint64_t{64} << 20;  ///< it may have an archive behind it
constexpr std::uint64_t largest_cache = std::uint64_t{4} << 20;
constexpr std::uint64_t largest_record = std::uint64_t{4} << 20;
constexpr std::uint64_t largest_database = std::uint64_t{32} << 20;
constexpr std::uint64_t most_text = std::uint64_t{128} << 20;   ///< of one layer
constexpr std::uint64_t most_names = std::uint64_t{256} << 20;  ///< in bytes, of one layer
constexpr std::size_t longest_shebang = 256;                    ///< as far as Linux reads (BINPRM_BUF_SIZE)
constexpr std::size_t head_size = 4;
constexpr std::size_t buffer_to_keep = std::size_t{64} << 20;

constexpr std::string_view loader_cache = "etc/ld.so.cache";

bool starts_with(std::span<const std::byte> content, std::string_view text) {
  return content.size() >= text.size() && std::memcmp(content.data(), text.data(), text.size()) == 0;
}

bool is_binary(std::span<const std::byte> content) {
  return !content.empty() && std::memchr(content.data(), 0, content.size()) != nullptr;
}

/// rpm's database, which is binary.
bool is_rpm_database(std::string_view path) {
  return path == "var/lib/rpm/rpmdb.sqlite" || path == "usr/lib/sysimage/rpm/rpmdb.sqlite" ||
         path == "usr/share/rpm/rpmdb.sqlite";
}

bool is_package_database(std::string_view path) {
  if (is_rpm_database(path)) return true;
  if (path == "var/lib/dpkg/status" || path == "lib/apk/db/installed" || path == "usr/lib/apk/db/installed" ||
      path == "usr/share/sbom/packages.spdx.json") {
    return true;
  }
  if (path.starts_with("var/lib/dpkg/status.d/")) return true;
  return path.starts_with("var/lib/dpkg/info/") && (path.ends_with(".list") || path.ends_with(".md5sums"));
}

std::string_view as_text(std::span<const std::byte> content) {
  return {reinterpret_cast<const char*>(content.data()), content.size()};
}

}  // namespace

std::uint64_t text_cap(std::string_view path) {
  constexpr auto endings = std::to_array<std::string_view>(
      {".conf", ".cnf", ".ini", ".cfg", ".json", ".yaml", ".yml", ".toml", ".properties", ".service", ".xml",
       ".path", ".sh", ".bash", ".ash", ".env", ".functions", ".subr"});
  if (path == loader_cache) return largest_cache;
  if (is_package_database(path)) return largest_database;
  if (path.ends_with(".dist-info/RECORD")) return largest_record;
  // A name without an ending, beside programs: what scripts read with `.` is often called so.
  const std::string_view name = path.substr(path.rfind('/') + 1);
  const bool library =
      name.find('.') == std::string_view::npos &&
      (path.find("lib/") != std::string_view::npos || path.find("libexec/") != std::string_view::npos ||
       path.starts_with("opt/") || path.starts_with("app/"));
  const bool configuration =
      library || path.starts_with("etc/") ||
      std::ranges::any_of(endings, [&](auto ending) { return path.ends_with(ending); });
  return configuration ? largest_text : 0;
}

void FactCollector::begin(const LayerEntry& entry) {
  entry_ = &entry;
  facts_.reset();
  decided_ = examined_ = false;
  needed_ = 0;
  buffer_.clear();
  if (buffer_.capacity() > buffer_to_keep) buffer_.shrink_to_fit();
}

/// By the first bytes, or all of a smaller file.
void FactCollector::decide() {
  decided_ = true;
  wants_text_ = true;
  const std::uint64_t size = entry_->size;
  const std::uint64_t most = code_cap(code_language(entry_->path, ""), entry_->path);
  wants_code_ = most != 0 && size <= most;
  if (size > most && most != 0) {
    problems_.push_back(
        {entry_->path, fmt::format("code of {} bytes: more than {} are not read", size, most)});
  }
  if (starts_with(buffer_, "\177ELF")) {
    needed_ = size;
    if (size > largest_elf) {
      needed_ = 0;
      problems_.push_back(
          {entry_->path, fmt::format("ELF file of {} bytes: more than {} are not read", size, largest_elf)});
    }
  } else if (starts_with(buffer_, "#!")) {
    const bool whole = wants_code_ || size <= largest_script;
    wants_text_ = size <= std::max(largest_text, text_cap(entry_->path));
    needed_ = whole ? size : longest_shebang;
  } else {
    const std::uint64_t cap = text_cap(entry_->path);
    wants_text_ = size <= cap;
    needed_ = wants_text_ || wants_code_ ? size : 0;
    if (needed_ == 0 && (starts_with(buffer_, "----") || may_hold_secret(entry_->path))) {
      needed_ = std::min<std::uint64_t>(size, searched_for_secrets);
    }
    if (cap > largest_text && size > cap) {
      problems_.push_back({entry_->path, fmt::format("not read: {} bytes, expected at most {}", size, cap)});
    }
  }
}

void FactCollector::keep(std::span<const std::byte> bytes) {
  if (buffer_.size() >= needed_) return;
  const std::size_t count = std::min<std::uint64_t>(bytes.size(), needed_ - buffer_.size());
  // What is reserved is only claimed: memory is used as content arrives.
  if (buffer_.capacity() < needed_) buffer_.reserve(needed_);
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count));
}

void FactCollector::add(std::span<const std::byte> bytes) {
  if (examined_ || bytes.empty()) return;
  if (!decided_) {
    const std::span<const std::byte> whole = bytes;
    const bool in_one_block = buffer_.empty() && bytes.size() == entry_->size;
    const std::size_t head = std::min(bytes.size(), head_size - buffer_.size());
    buffer_.insert(buffer_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(head));
    if (buffer_.size() < std::min<std::uint64_t>(head_size, entry_->size)) return;
    decide();
    if (in_one_block && needed_ != 0) {
      examine(whole.first(std::min<std::uint64_t>(whole.size(), needed_)));
      return;
    }
    bytes = bytes.subspan(head);
  }
  keep(bytes);
}

void FactCollector::add_zeros(std::uint64_t count) {
  constexpr std::array<std::byte, 4096> zeros{};
  while (count != 0 && (!decided_ || buffer_.size() < needed_)) {
    const std::size_t part = std::min<std::uint64_t>(count, zeros.size());
    add(std::span(zeros).first(part));
    count -= part;
  }
}

void FactCollector::keep_text(std::span<const std::byte> content) {
  if (kept_text_ + content.size() > most_text) {
    if (!text_full_) {
      problems_.push_back(
          {entry_->path,
           fmt::format("not read, nor later text files of this layer: more than {} bytes", most_text)});
    }
    text_full_ = true;
    return;
  }
  kept_text_ += content.size();
  facts_->text.emplace(as_text(content));
}

void FactCollector::examine(std::span<const std::byte> content) {
  examined_ = true;
  facts_ = std::make_shared<FileFacts>();
  if (starts_with(content, "\177ELF")) {
    auto elf = parse_elf(content);
    if (elf) {
      for (const std::string& problem : elf->problems)
        problems_.push_back({entry_->path, "ELF file: " + problem});
      facts_->elf = std::make_unique<const ElfFacts>(std::move(*elf));
    } else {
      problems_.push_back({entry_->path, "broken ELF file: " + elf.error()});
    }
    if (wants_code_) read_code(content);
    return;
  }
  if (starts_with(content, "#!")) {
    const std::string_view head = as_text(content).substr(2, longest_shebang - 2);
    facts_->shebang = head.substr(0, head.find_first_of(std::string_view("\n\0", 2)));
    if (facts_->shebang.ends_with('\r')) facts_->shebang.pop_back();
    if (content.size() < entry_->size) return;  // a long script: its first line is enough
  }
  if (content.size() == entry_->size) read_code(content);
  const bool binary = is_binary(content);
  if (wants_text_ && (entry_->path == loader_cache || is_rpm_database(entry_->path) || !binary))
    keep_text(content);
  if (!binary) {
    // Code is looked at no further than any other file whose name says nothing.
    const bool searched = wants_text_ || starts_with(content, "----") || may_hold_secret(entry_->path);
    if (searched) facts_->secret = find_secret(entry_->path, as_text(content));
  }
}

void FactCollector::read_code(std::span<const std::byte> content) {
  const Language language = code_language(entry_->path, facts_->shebang);
  const std::uint64_t most = facts_->shebang.empty() ? code_cap(language, entry_->path) : largest_script;
  if (language == Language::none || content.size() > most) return;
  CodeFacts code = scan_code(language, entry_->path, content);
  for (const CodeName& name : code.names) kept_names_ += sizeof(CodeName) + name.text.size();
  if (kept_names_ > most_names) {
    problems_.push_back({entry_->path, "what it names is not kept: the layer's code names too much"});
    return;
  }
  facts_->code = std::move(code);
}

std::shared_ptr<const FileFacts> FactCollector::end(std::vector<Diagnostic>& diagnostics) {
  if (!examined_ && decided_ && needed_ != 0) examine(buffer_);
  for (auto& problem : problems_) diagnostics.push_back(std::move(problem));
  problems_.clear();
  const bool something =
      facts_ && (facts_->elf || !facts_->shebang.empty() || facts_->text ||
                 facts_->secret.shape != SecretShape::none || facts_->code.language != Language::none);
  return something ? std::shared_ptr<const FileFacts>(std::exchange(facts_, nullptr)) : nullptr;
}

}  // namespace slim
