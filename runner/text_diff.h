// A unified diff of two texts, for people to read.
#pragma once

#include <string>
#include <string_view>

namespace slim {

/// With three lines of context; empty where the texts are equal. Bounded: texts of which more than 2,000
/// lines are not common at their ends give a line that says so, and at most 400 lines are shown.
std::string unified_diff(std::string_view original, std::string_view slimmed);

}  // namespace slim
