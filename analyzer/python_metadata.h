// The scanners of what lies beside Python's source, behind scan_python().
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "analyzer/code_facts.h"

namespace slim {

/// A .pth file: folders, and lines of code that the interpreter runs at start.
std::vector<CodeName> scan_python_pth(std::string_view text);

/// RECORD of a .dist-info: the packages and modules that the distribution has, and its files elsewhere.
std::vector<CodeName> scan_python_record(std::string_view text);

/// entry_points.txt.
std::vector<CodeName> scan_python_entry_points(std::string_view text);

/// METADATA or PKG-INFO: the name, and the distributions that are needed (without those of extras).
std::vector<CodeName> scan_python_metadata(std::string_view text);

/// top_level.txt or requires.txt: a name a line, up to the first [section]. `use` is PythonUse.
std::vector<CodeName> scan_python_list(std::string_view text, std::uint8_t use);

/// An extension module: names of modules among the strings of its constant data.
std::vector<CodeName> scan_python_extension(std::string_view bytes);

}  // namespace slim
