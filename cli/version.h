#pragma once

#include <string_view>

namespace slim {

/// The version of the project, as CMakeLists.txt has it.
std::string_view version();

}  // namespace slim
