// An archive on the search path is kept as it is; what counts is what its modules need outside of it.
// Relative imports stay inside. A name that is in the archive too may be meant either way, as the order of
// the search path says: it is followed outside, and not missed there. After the zipimport and zipapp modules'
// documentation.
#include "analyzer/python_archive.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "analyzer/code_facts.h"
#include "analyzer/elf.h"
#include "analyzer/python.h"
#include "analyzer/python_modules.h"
#include "analyzer/python_source.h"
#include "analyzer/zip_archive.h"

namespace slim {
namespace {

constexpr std::uint64_t largest_module = std::uint64_t{16} << 20;
constexpr std::uint64_t largest_library = std::uint64_t{64} << 20;
constexpr std::uint64_t most_inflated = std::uint64_t{256} << 20;

std::span<const std::byte> bytes_of_text(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

std::string_view first_part(std::string_view dotted) {
  return dotted.substr(0, dotted.find_first_of(".:"));
}

class ArchiveScanner {
 public:
  explicit ArchiveScanner(std::string_view content)
      : bytes_(bytes_of_text(content)), entries_(zip_entries(bytes_)) {}

  std::vector<CodeName> scan() {
    for (const ZipEntry& entry : entries_) {
      if (!is_python_module_file(entry.name)) continue;
      files_.insert(entry.name);
      const std::size_t slash = entry.name.find('/');
      const std::string_view top =
          slash == std::string_view::npos ? python_module_stem(entry.name) : entry.name.substr(0, slash);
      if (tops_.insert(top).second) add(PythonUse::top_level, top);
    }
    for (const ZipEntry& entry : entries_) {
      if (found_.size() >= most_code_names) break;
      if (files_.contains(entry.name)) module(entry);
    }
    return std::move(found_);
  }

 private:
  void module(const ZipEntry& entry) {
    inside_ = entry.name;
    told_ = false;
    if (entry.name.ends_with(".pyc")) {
      if (!has_source(entry.name)) add(PythonUse::unread, entry.name);
      return;
    }
    const bool library = entry.name.ends_with(".so");
    const std::uint64_t cap = library ? largest_library : largest_module;
    if (entry.size > cap || inflated_ + entry.size > most_inflated) {
      add(PythonUse::unread, entry.name);
      return;
    }
    const auto content = zip_content(bytes_, entry, cap, buffer_);
    inflated_ += content.size();
    if (content.size() != entry.size) {
      add(PythonUse::unread, entry.name);
    } else if (library) {
      needed(content);
    } else {
      source({reinterpret_cast<const char*>(content.data()), content.size()});
    }
  }

  void source(std::string_view text) {
    for (CodeName& name : scan_python_source(text, false)) {
      const auto use = static_cast<PythonUse>(name.use & python_use_mask);
      // The rest of the archive is there whatever it is asked for.
      if (name.text.starts_with('.') || use == PythonUse::computed || use == PythonUse::exported) continue;
      if ((name.use & python_main) != 0 && inside_ != "__main__.py") continue;
      if (is_module(use) && tops_.contains(first_part(name.text))) name.use |= python_guarded;
      add(std::move(name));
    }
  }

  static bool is_module(PythonUse use) {
    return use == PythonUse::import || use == PythonUse::from_import || use == PythonUse::dynamic;
  }

  /// Extension modules are unpacked to be loaded; what they need has to be there.
  void needed(std::span<const std::byte> content) {
    const auto elf = parse_elf(content);
    if (!elf) return;
    for (const std::string& name : elf->needed) add(PythonUse::library, name);
  }

  /// Of a/b.pyc: a/b.py; of a/__pycache__/b.cpython-311.pyc too.
  [[nodiscard]] bool has_source(std::string_view name) const {
    const std::size_t slash = name.rfind('/');
    std::string folder(name.substr(0, slash == std::string_view::npos ? 0 : slash + 1));
    const std::string_view stem =
        python_module_stem(name.substr(slash == std::string_view::npos ? 0 : slash + 1));
    constexpr std::string_view cache = "__pycache__/";
    if (folder.ends_with(cache)) folder.resize(folder.size() - cache.size());
    return files_.contains(folder + std::string(stem) + ".py");
  }

  void add(PythonUse use, std::string_view text) {
    add({.use = static_cast<std::uint8_t>(use), .line = 0, .text = std::string(text)});
  }

  void add(CodeName name) {
    if (found_.size() >= most_code_names) return;
    if (!known_.insert(static_cast<char>(name.use) + name.text).second) return;
    if (!inside_.empty() && !std::exchange(told_, true))
      found_.push_back(
          {.use = static_cast<std::uint8_t>(PythonUse::inside), .line = 0, .text = std::string(inside_)});
    found_.push_back(std::move(name));
  }

  std::span<const std::byte> bytes_;
  std::vector<ZipEntry> entries_;
  std::set<std::string_view, std::less<>> files_;  ///< the entries that are modules
  std::set<std::string_view, std::less<>> tops_;
  std::vector<std::byte> buffer_;
  std::uint64_t inflated_ = 0;
  std::string_view inside_;  ///< the module in hand
  bool told_ = false;        ///< its name stands before its names
  std::unordered_set<std::string> known_;
  std::vector<CodeName> found_;
};

}  // namespace

bool is_python_archive(std::string_view path) {
  constexpr auto endings = std::to_array<std::string_view>({".zip", ".egg", ".whl", ".pyz", ".pyzw"});
  return std::ranges::any_of(endings, [path](std::string_view ending) { return path.ends_with(ending); });
}

bool has_python_archive(std::string_view script) {
  return script.starts_with("#!") && script.find('\0') != std::string_view::npos &&
         !zip_entries(bytes_of_text(script)).empty();
}

std::vector<CodeName> scan_python_archive(std::string_view content) {
  return ArchiveScanner(content).scan();
}

}  // namespace slim
