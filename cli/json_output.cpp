#include "cli/json_output.h"

#include <string>

#include <nlohmann/json.hpp>

#include "cli/version.h"

namespace slim {

nlohmann::ordered_json tool_json() {
  return {{"name", "slim"}, {"version", version()}};
}

std::string dump(const nlohmann::ordered_json& value, int indent) {
  return value.dump(indent, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace slim
