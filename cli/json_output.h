// What every JSON document of slim has.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

namespace slim {

/// {name, version} of this program.
nlohmann::ordered_json tool_json();

/// As text. Names in an image need not be UTF-8: what is not becomes U+FFFD. `indent` -1: on one line.
std::string dump(const nlohmann::ordered_json& value, int indent);

}  // namespace slim
