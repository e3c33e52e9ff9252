// The scanner of archives of Python modules, behind scan_python().
#pragma once

#include <string_view>
#include <vector>

#include "analyzer/code_facts.h"

namespace slim {

/// Whether a file of this name may be such an archive: *.zip, *.egg, *.whl, *.pyz, *.pyzw.
bool is_python_archive(std::string_view path);

/// Whether a script goes on as a zip archive, as `python -m zipapp -p` makes them.
bool has_python_archive(std::string_view script);

/// What the modules of an archive name outside of it. Names follow the PythonUse::inside of their module;
/// each is given once, with the first module that has it. What stands in the archive too is marked as
/// guarded. PythonUse::top_level: its modules and packages. Reads modules of up to 16 MiB, 256 MiB in all.
std::vector<CodeName> scan_python_archive(std::string_view content);

}  // namespace slim
