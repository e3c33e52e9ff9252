// Which of Python's files is read how. By their names alone: a module has its ending, a distribution's record
// lies in a folder of its own.
#include "analyzer/python.h"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "analyzer/code_facts.h"
#include "analyzer/python_archive.h"
#include "analyzer/python_metadata.h"
#include "analyzer/python_source.h"

namespace slim {
namespace {

std::string_view last_name(std::string_view path) {
  return path.substr(path.rfind('/') + 1);  // npos + 1 is 0
}

/// Of a distribution's record: the name inside of *.dist-info or *.egg-info; empty where it lies elsewhere.
std::string_view record_name(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return {};
  const std::string_view folder = path.substr(0, slash);
  return folder.ends_with(".dist-info") || folder.ends_with(".egg-info") || folder.ends_with("/EGG-INFO")
             ? path.substr(slash + 1)
             : std::string_view();
}

bool is_extension(std::string_view path) {
  if (!path.ends_with(".so")) return false;
  const std::string_view name = last_name(path);
  const bool tagged = name.find(".cpython-") != std::string_view::npos || name.ends_with(".abi3.so");
  const bool in_packages = path.find("-packages/") != std::string_view::npos && !name.starts_with("lib");
  return tagged || in_packages;
}

}  // namespace

bool is_python_file(std::string_view path) {
  if (path.ends_with(".py") || path.ends_with(".pth") || path.ends_with(".pyw")) return true;
  if (path.ends_with(".egg-info") || is_extension(path) || is_python_archive(path)) return true;
  const std::string_view record = record_name(path);
  return record == "RECORD" || record == "METADATA" || record == "PKG-INFO" || record == "entry_points.txt" ||
         record == "top_level.txt" || record == "requires.txt";
}

bool is_python_interpreter(std::string_view program) {
  std::string_view name = last_name(program);
  if (!name.starts_with("python")) return false;
  name.remove_prefix(6);
  return name.find_first_not_of("0123456789.dtm") == std::string_view::npos;
}

std::vector<CodeName> scan_python(std::string_view path, std::string_view content) {
  if (path.ends_with(".pth")) return scan_python_pth(content);
  if (is_extension(path)) return scan_python_extension(content);
  if (is_python_archive(path) || has_python_archive(content)) return scan_python_archive(content);
  const std::string_view record = record_name(path);
  if (record == "RECORD") return scan_python_record(content);
  if (record == "METADATA" || record == "PKG-INFO") return scan_python_metadata(content);
  if (record == "entry_points.txt") return scan_python_entry_points(content);
  if (record == "top_level.txt")
    return scan_python_list(content, static_cast<std::uint8_t>(PythonUse::top_level));
  if (record == "requires.txt")
    return scan_python_list(content, static_cast<std::uint8_t>(PythonUse::requirement));
  if (path.ends_with(".egg-info")) return scan_python_metadata(content);
  return scan_python_source(content, last_name(path) == "__init__.py");
}

}  // namespace slim
