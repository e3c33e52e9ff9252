// After the site module's documentation and the PyPA's specifications: recording installed projects, entry
// points, core metadata; egg-info as setuptools writes it.
#include "analyzer/python_metadata.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "analyzer/code_facts.h"
#include "analyzer/python.h"
#include "analyzer/python_source.h"
#include "analyzer/python_stdlib.h"

namespace slim {
namespace {

constexpr std::size_t longest_name = 256;
constexpr std::size_t longest_path = 4096;  // PATH_MAX
constexpr std::size_t most_tops = 2000;
constexpr std::size_t most_outside = 5000;
constexpr std::string_view blanks = " \t\r\f\v";

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

/// Takes the first line off `text`, without its end.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

std::uint8_t use_of(PythonUse use) {
  return static_cast<std::uint8_t>(use);
}

/// The name of a project at the start of a requirement: "Flask[async] (>=2) ; python_version > '3'".
std::string_view project_of(std::string_view requirement) {
  requirement = trimmed(requirement);
  return requirement.substr(0, requirement.find_first_of(" \t[(<>=!~;@"));
}

/// "numpy/core/_x.cpython-311-x86_64-linux-gnu.so" is the module _x of the folder numpy/core.
bool is_module_file(std::string_view name) {
  return name.ends_with(".py") || name.ends_with(".so") || name.ends_with(".pyc");
}

bool is_lower_identifier(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || (c >= 'A' && c <= 'Z');
  });
}

}  // namespace

std::vector<CodeName> scan_python_pth(std::string_view text) {
  std::vector<CodeName> names;
  std::uint32_t number = 0;
  while (!text.empty() && names.size() < most_code_names) {
    std::string_view line = take_line(text);
    ++number;
    if (line.starts_with('#')) continue;
    if (line.starts_with("import ") || line.starts_with("import\t")) {
      for (CodeName& name : scan_python_source(line, false)) {
        name.line = number;
        names.push_back(std::move(name));
      }
      continue;
    }
    line = trimmed(line);
    if (!line.empty())
      names.push_back({.use = use_of(PythonUse::search_path), .line = number, .text = std::string(line)});
  }
  return names;
}

std::vector<CodeName> scan_python_record(std::string_view text) {
  std::vector<CodeName> names;
  std::set<std::string, std::less<>> packages;  // folders with an __init__.py
  std::set<std::string, std::less<>> modules;   // other module files, without their endings
  std::uint32_t number = 0;
  while (!text.empty()) {
    std::string_view path = take_line(text);
    ++number;
    path = path.starts_with('"') ? path.substr(1, path.find('"', 1) - 1) : path.substr(0, path.find(','));
    if (path.size() > longest_path) continue;
    if (path.starts_with("../") || path.starts_with('/')) {
      if (names.size() < most_outside)
        names.push_back({.use = use_of(PythonUse::outside), .line = number, .text = std::string(path)});
      continue;
    }
    const std::size_t slash = path.rfind('/');
    const std::string_view folder =
        slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
    const std::string_view file = path.substr(slash == std::string_view::npos ? 0 : slash + 1);
    if (folder.ends_with("__pycache__") || !is_module_file(file) ||
        packages.size() + modules.size() > most_tops)
      continue;
    if (file.starts_with("__init__.")) {
      packages.emplace(folder);
    } else {
      modules.emplace(std::string(folder) + (folder.empty() ? "" : "/") +
                      std::string(file.substr(0, file.find('.'))));
    }
  }
  // Only the outermost: what lies in a package is the package's.
  const auto inside_one = [&packages](std::string_view path) {
    for (std::size_t slash = path.find('/'); slash != std::string_view::npos;
         slash = path.find('/', slash + 1)) {
      if (packages.contains(path.substr(0, slash))) return true;
    }
    return false;
  };
  for (const auto* tops : {&packages, &modules}) {
    for (const std::string& top : *tops) {
      if (!top.empty() && !inside_one(top))
        names.push_back({.use = use_of(PythonUse::top_level), .line = 0, .text = top});
    }
  }
  return names;
}

std::vector<CodeName> scan_python_entry_points(std::string_view text) {
  std::vector<CodeName> names;
  std::string group;
  std::uint32_t number = 0;
  while (!text.empty() && names.size() < most_code_names) {
    const std::string_view line = trimmed(take_line(text));
    ++number;
    if (line.empty() || line.starts_with('#') || line.starts_with(';')) continue;
    if (line.starts_with('[')) {
      group = line.substr(1, line.find(']') - 1);
      if (group.size() > longest_name) group.clear();
      continue;
    }
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos || group.empty()) continue;
    const std::string_view object = trimmed(line.substr(equals + 1));
    const std::string_view module = trimmed(object.substr(0, object.find_first_of(":[ ")));
    if (module.empty() || module.size() > longest_name) continue;
    names.push_back(
        {.use = use_of(PythonUse::entry_point), .line = number, .text = group + "=" + std::string(module)});
  }
  return names;
}

std::vector<CodeName> scan_python_metadata(std::string_view text) {
  std::vector<CodeName> names;
  std::uint32_t number = 0;
  while (!text.empty() && names.size() < most_tops) {
    const std::string_view line = take_line(text);
    ++number;
    if (trimmed(line).empty()) break;  // the description follows
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || line.front() == ' ' || line.front() == '\t') continue;
    const std::string_view key = line.substr(0, colon);
    const std::string_view value = trimmed(line.substr(colon + 1));
    if (key == "Name" && !value.empty() && value.size() <= longest_name) {
      names.push_back({.use = use_of(PythonUse::project), .line = number, .text = std::string(value)});
    } else if (key == "Requires-Dist" && value.find("extra ==") == std::string_view::npos &&
               value.find("extra==") == std::string_view::npos) {
      const std::string_view project = project_of(value);
      if (!project.empty() && project.size() <= longest_name)
        names.push_back(
            {.use = use_of(PythonUse::requirement), .line = number, .text = std::string(project)});
    }
  }
  return names;
}

std::vector<CodeName> scan_python_list(std::string_view text, std::uint8_t use) {
  std::vector<CodeName> names;
  std::uint32_t number = 0;
  while (!text.empty() && names.size() < most_tops) {
    const std::string_view line = trimmed(take_line(text));
    ++number;
    if (line.starts_with('[')) break;
    const std::string_view name = use == use_of(PythonUse::requirement) ? project_of(line) : line;
    if (!name.empty() && name.size() <= longest_name)
      names.push_back({.use = use, .line = number, .text = std::string(name)});
  }
  return names;
}

std::vector<CodeName> scan_python_extension(std::string_view bytes) {
  std::vector<CodeName> names;
  std::unordered_set<std::string_view> seen;
  while (!bytes.empty() && names.size() < most_tops) {
    const std::size_t end = std::min(bytes.find('\0'), bytes.size());
    const std::string_view text = bytes.substr(0, end);
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
    if (text.size() < 2 || text.size() > longest_name || !is_lower_identifier(text)) continue;
    const bool dotted = text.find('.') != std::string_view::npos && text.front() != '.' && text.back() != '.';
    if (!dotted && !is_python_stdlib_name(text) && text != "_cffi_backend") continue;
    if (!seen.insert(text).second) continue;
    names.push_back({.use = static_cast<std::uint8_t>(use_of(PythonUse::dotted) | python_guarded),
                     .line = 0,
                     .text = std::string(text)});
  }
  return names;
}

}  // namespace slim
