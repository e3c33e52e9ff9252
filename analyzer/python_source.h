// The scanner of Python source, behind scan_python().
#pragma once

#include <string_view>
#include <vector>

#include "analyzer/code_facts.h"

namespace slim {

/// What a module names. `is_package`: it is an __init__.py, whose __all__ may name modules.
std::vector<CodeName> scan_python_source(std::string_view text, bool is_package);

}  // namespace slim
