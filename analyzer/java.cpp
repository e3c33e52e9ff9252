// A class says in its constant pool all that it names: the strings of its program, and the classes and
// methods that it uses. Which string is handed to which method the pool does not say: in a class that starts
// processes any string may be a command, in one that loads libraries any may be a library's name.
#include "analyzer/java.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "analyzer/code_facts.h"
#include "analyzer/elf.h"
#include "analyzer/zip_archive.h"

namespace slim {
namespace {

constexpr std::uint64_t most_inflated = std::uint64_t{512} << 20;
constexpr std::uint64_t largest_class = std::uint64_t{8} << 20;
constexpr std::uint64_t largest_library = std::uint64_t{128} << 20;
constexpr std::uint64_t largest_nested = std::uint64_t{128} << 20;
constexpr std::uint64_t largest_manifest = std::uint64_t{1} << 20;
constexpr std::size_t longest_string = 512;
constexpr std::size_t most_coordinates = 5000;
constexpr int deepest = 4;

bool has_ending(std::string_view path, std::string_view ending) {
  return path.size() > ending.size() && path.ends_with(ending);
}

bool is_archive(std::string_view path) {
  return has_ending(path, ".jar") || has_ending(path, ".war") || has_ending(path, ".ear");
}

bool is_path_string(std::string_view text) {
  if (text.size() < 4 || text.front() != '/' || text.size() > longest_string) return false;
  const bool plain = std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("/._-+@~").find(c) != std::string_view::npos;
  });
  return plain && text.find("//") == std::string_view::npos;
}

bool is_library_name(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.' || c == '+';
  });
}

/// META-INF/maven/GROUP/ARTIFACT/pom.properties
bool is_maven_record(std::string_view name) {
  return name.starts_with("META-INF/maven/") && name.ends_with("/pom.properties");
}

/// The value of `key` in lines of "key: value" or "key=value"; empty where none has it.
std::string_view value_of(std::string_view lines, std::string_view key) {
  while (!lines.empty()) {
    const std::size_t end = std::min(lines.find_first_of("\r\n"), lines.size());
    std::string_view line = lines.substr(0, end);
    lines.remove_prefix(std::min(end + 1, lines.size()));
    if (!line.starts_with(key) || line.size() == key.size()) continue;
    line.remove_prefix(key.size());
    if (line.front() != ':' && line.front() != '=') continue;
    line.remove_prefix(1);
    const std::size_t first = line.find_first_not_of(' ');
    if (first == std::string_view::npos) return {};
    return line.substr(first, line.find_last_not_of(' ') - first + 1);
  }
  return {};
}

/// The main section of a manifest. Its lines end at 72 bytes and go on behind a line end and a blank.
std::string main_section(std::string_view manifest) {
  std::string lines;
  for (std::size_t i = 0; i < manifest.size(); ++i) {
    if (manifest[i] == '\r') continue;
    if (manifest[i] == '\n' && i + 1 < manifest.size() && manifest[i + 1] == ' ') {
      ++i;
      continue;
    }
    if (manifest[i] == '\n' && lines.ends_with('\n')) break;  // what follows is about single entries
    lines += manifest[i];
  }
  return lines;
}

/// How much is read of an entry of this name; 0: nothing.
std::uint64_t cap_of(std::string_view name) {
  if (name == "META-INF/MANIFEST.MF" || is_maven_record(name)) return largest_manifest;
  if (name.ends_with(".class")) return largest_class;
  if (is_archive(name)) return largest_nested;
  return name.find(".so") == std::string_view::npos ? 0 : largest_library;
}

/// The constants of a class that name something.
struct ConstantPool {
  std::vector<std::string_view> strings;  ///< of the program
  std::vector<std::string_view> desktop;  ///< classes that are used and have a java_desktop_part
  bool starts_processes = false;
  bool loads_libraries = false;
};

/// Reads the pool; what is damaged is passed over.
class PoolReader {
 public:
  explicit PoolReader(std::span<const std::byte> bytes) : bytes_(bytes) {}

  ConstantPool read() {
    ConstantPool pool;
    if (bytes_.size() < 10 || number(0, 4) != 0xcafebabe) return pool;
    const std::size_t count = number(8, 2);
    texts_.assign(count, {});
    std::size_t at = 10;
    for (std::size_t i = 1; i < count && at < bytes_.size(); ++i) {
      const std::size_t size = entry(i, at);
      if (size == 0) break;
      const std::uint32_t tag = number(at, 1);
      if (tag == 5 || tag == 6) ++i;  // long and double take two places
      at += size;
    }
    for (const std::uint16_t index : each_once(strings_)) {
      if (index < count && !texts_[index].empty()) pool.strings.push_back(texts_[index]);
    }
    bool runtime = false;
    for (const std::uint16_t index : each_once(classes_)) {
      if (index >= count) continue;
      const std::string_view name = texts_[index];
      pool.starts_processes = pool.starts_processes || name == "java/lang/ProcessBuilder";
      runtime = runtime || name == "java/lang/Runtime";
      if (java_desktop_part(name) != JavaDesktop::none) pool.desktop.push_back(name);
    }
    pool.starts_processes = pool.starts_processes || (runtime && names_exec_);
    pool.loads_libraries = names_load_library_;
    if (names_draw_string_) pool.desktop.emplace_back("java/awt/Font");  // in a font that is not named
    return pool;
  }

 private:
  /// In the order of the first time: thousands of entries may name one long text.
  static std::vector<std::uint16_t> each_once(const std::vector<std::uint16_t>& indexes) {
    std::vector<bool> seen(std::size_t{1} << 16U);
    std::vector<std::uint16_t> once;
    for (const std::uint16_t index : indexes) {
      if (!seen[index]) once.push_back(index);
      seen[index] = true;
    }
    return once;
  }

  [[nodiscard]] std::uint32_t number(std::size_t at, std::size_t width) const {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < width && at + i < bytes_.size(); ++i) {
      value = value << 8U | std::to_integer<std::uint32_t>(bytes_[at + i]);
    }
    return value;
  }

  /// How many bytes the entry at `at` takes, its tag included; 0 where there is no such tag.
  std::size_t entry(std::size_t i, std::size_t at) {
    switch (number(at, 1)) {
      case 1: {  // Utf8
        const std::size_t size = number(at + 1, 2);
        if (at + 3 + size > bytes_.size()) return 0;
        const std::string_view text(reinterpret_cast<const char*>(bytes_.data()) + at + 3, size);
        texts_[i] = text;
        names_exec_ = names_exec_ || text == "exec";
        names_draw_string_ = names_draw_string_ || text == "drawString";
        names_load_library_ = names_load_library_ || text == "loadLibrary";
        return 3 + size;
      }
      case 7:  // Class
        classes_.push_back(static_cast<std::uint16_t>(number(at + 1, 2)));
        return 3;
      case 8:  // String
        strings_.push_back(static_cast<std::uint16_t>(number(at + 1, 2)));
        return 3;
      case 16:  // MethodType
      case 19:  // Module
      case 20:  // Package
        return 3;
      case 15:  // MethodHandle
        return 4;
      case 3:   // Integer
      case 4:   // Float
      case 9:   // Fieldref
      case 10:  // Methodref
      case 11:  // InterfaceMethodref
      case 12:  // NameAndType
      case 17:  // Dynamic
      case 18:  // InvokeDynamic
        return 5;
      case 5:  // Long
      case 6:  // Double
        return 9;
      default:
        return 0;
    }
  }

  std::span<const std::byte> bytes_;
  std::vector<std::string_view> texts_;
  std::vector<std::uint16_t> classes_;
  std::vector<std::uint16_t> strings_;
  bool names_exec_ = false;
  bool names_draw_string_ = false;
  bool names_load_library_ = false;
};

class JavaScanner {
 public:
  void class_file(std::span<const std::byte> bytes) {
    const ConstantPool pool = PoolReader(bytes).read();
    for (const std::string_view name : pool.desktop) {
      const auto part = static_cast<std::size_t>(java_desktop_part(name));
      if (!std::exchange(desktop_[part], true)) add(JavaUse::desktop, name);
    }
    for (const std::string_view text : pool.strings) {
      if (text.size() > longest_string) continue;
      if (is_path_string(text)) add(JavaUse::path, text);
      if (pool.starts_processes && text.find('\0') == std::string_view::npos) add(JavaUse::command, text);
      if (pool.loads_libraries && is_library_name(text)) add(JavaUse::library, text);
    }
  }

  /// `where`: the names of the archives that it lies in.
  void archive(std::span<const std::byte> bytes, int depth, const std::string& where) {
    std::vector<std::byte> buffer;
    Records records;
    for (const ZipEntry& entry : zip_entries(bytes)) {
      const std::string_view name = entry.name;
      if (depth == 0 && name.starts_with("BOOT-INF/")) add(JavaUse::spring, "BOOT-INF");
      const std::uint64_t cap = cap_of(name);
      if (cap == 0 || (is_archive(name) && depth + 1 >= deepest)) continue;
      if (entry.size > cap || inflated_ > most_inflated - std::min(entry.size, most_inflated)) {
        add(JavaUse::unread, name);
        continue;
      }
      const auto content = zip_content(bytes, entry, cap, buffer);
      // What turned out to be damaged was inflated all the same.
      inflated_ += std::max<std::uint64_t>(content.size(), entry.size);
      inside(name, content, depth, where, records);
      if (found_.size() >= most_code_names) break;
    }
    identify(records, where);
  }

  /// What archives are comes first: it is left out last.
  std::vector<CodeName> take() {
    coordinates_.insert(coordinates_.end(), std::make_move_iterator(found_.begin()),
                        std::make_move_iterator(found_.end()));
    return std::move(coordinates_);
  }

 private:
  /// What one archive says of itself.
  struct Records {
    std::vector<std::string> maven;  ///< pom.properties, several where others were put into it
    std::string manifest;            ///< its main section
  };

  void inside(std::string_view name, std::span<const std::byte> content, int depth, const std::string& where,
              Records& records) {
    const std::string_view text(reinterpret_cast<const char*>(content.data()), content.size());
    if (name == "META-INF/MANIFEST.MF") {
      records.manifest = main_section(text);
      if (depth == 0) class_path(value_of(records.manifest, "Class-Path"));
    } else if (is_maven_record(name)) {
      if (records.maven.size() < most_coordinates) records.maven.emplace_back(text);
    } else if (name.ends_with(".class")) {
      class_file(content);
    } else if (is_archive(name)) {
      // the buffer is the outer archive's: this one needs its own
      archive(content, depth + 1, where.empty() ? std::string(name) : fmt::format("{}/{}", where, name));
    } else {
      library(content);
    }
  }

  void class_path(std::string_view entries) {
    while (!entries.empty()) {
      const auto blank = std::min(entries.find(' '), entries.size());
      if (blank != 0) add(JavaUse::class_path, entries.substr(0, blank));
      entries.remove_prefix(std::min(blank + 1, entries.size()));
    }
  }

  void identify(const Records& records, const std::string& where) {
    for (const std::string& record : records.maven) {
      const std::string_view group = value_of(record, "groupId");
      const std::string_view artifact = value_of(record, "artifactId");
      if (!group.empty() && !artifact.empty())
        coordinates(where, fmt::format("{}:{}", group, artifact), value_of(record, "version"));
    }
    if (!records.maven.empty()) return;
    for (const auto& [name, version] : {std::pair{"Bundle-SymbolicName", "Bundle-Version"},
                                        std::pair{"Implementation-Title", "Implementation-Version"}}) {
      std::string_view title = value_of(records.manifest, name);
      title = title.substr(0, title.find(';'));  // directives of OSGi
      if (title.empty() || value_of(records.manifest, version).empty()) continue;
      coordinates(where, title, value_of(records.manifest, version));
      return;
    }
    if (!where.empty()) coordinates(where, "", "");  // its name may tell
  }

  void coordinates(std::string_view where, std::string_view name, std::string_view version) {
    const auto is_plain = [](std::string_view text) {
      return text.size() <= longest_string &&
             std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
    };
    if (coordinates_.size() >= most_coordinates || where.size() > longest_code_name / 2) return;
    if (!is_plain(name) || !is_plain(version) || where.find('\t') != std::string_view::npos) return;
    coordinates_.push_back({.use = static_cast<std::uint8_t>(JavaUse::coordinates),
                            .line = 0,
                            .text = fmt::format("{}\t{}\t{}", where, name, version)});
  }

  void library(std::span<const std::byte> content) {
    if (content.size() < 4 || std::memcmp(content.data(), "\177ELF", 4) != 0) return;
    const auto elf = parse_elf(content);
    if (!elf) return;
    for (const std::string& name : elf->needed)
      add(JavaUse::needed, fmt::format("{}:{}", elf->machine, name));
  }

  void add(JavaUse use, std::string_view text) {
    if (text.size() > longest_code_name || found_.size() >= most_code_names) return;
    std::string key(1, static_cast<char>('a' + static_cast<int>(use)));
    key += text;
    if (!known_.insert(std::move(key)).second) return;
    found_.push_back({.use = static_cast<std::uint8_t>(use), .line = 0, .text = std::string(text)});
  }

  std::vector<CodeName> found_;
  std::vector<CodeName> coordinates_;
  std::unordered_set<std::string> known_;
  std::uint64_t inflated_ = 0;
  std::array<bool, 6> desktop_{};  ///< by JavaDesktop: told
};

}  // namespace

JavaDesktop java_desktop_part(std::string_view name) {
  if (name.starts_with("java/awt/print/") || name.starts_with("javax/print/")) return JavaDesktop::printing;
  if (name.starts_with("java/awt/Font") || name.starts_with("java/awt/font/") ||
      name.starts_with("javax/swing/")) {
    return JavaDesktop::text;
  }
  if (name.starts_with("javax/sound/")) return JavaDesktop::sound;
  if (name.starts_with("javax/smartcardio/")) return JavaDesktop::smart_cards;
  const bool graphics = name.starts_with("java/awt/") || name.starts_with("javax/imageio/");
  return graphics ? JavaDesktop::graphics : JavaDesktop::none;
}

JavaCoordinates java_coordinates(std::string_view text) {
  const std::size_t first = std::min(text.find('\t'), text.size());
  const std::size_t second = std::min(text.find('\t', first + 1), text.size());
  return {.inside = text.substr(0, first),
          .name = text.substr(std::min(first + 1, text.size()), second - std::min(first + 1, second)),
          .version = text.substr(std::min(second + 1, text.size()))};
}

bool is_java_file(std::string_view path) {
  return is_archive(path) || has_ending(path, ".class");
}

std::vector<CodeName> scan_java(std::string_view path, std::span<const std::byte> content) {
  JavaScanner scanner;
  if (path.ends_with(".class")) {
    scanner.class_file(content);
  } else {
    scanner.archive(content, 0, "");
  }
  return scanner.take();
}

}  // namespace slim
