// Which analyzers these are.
#pragma once

#include <string_view>

namespace slim {

/// The SHA-256 over all sources of this folder, made when slim is built (cmake/AnalyzersVersion.cmake):
/// nobody has to remember to count up a number when an analyzer learns something.
extern const std::string_view analyzers_version;

}  // namespace slim
