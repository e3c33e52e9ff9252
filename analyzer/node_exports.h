// The maps `exports` and `imports` of a package.json.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace slim {

/// What `subpath` ("." or "./x") of a package with these `exports` is: "./file" below the package; nothing
/// where it is not exported. `conditions` are those that hold besides "default". Follows
/// PACKAGE_EXPORTS_RESOLVE in Node's documentation of ES modules.
std::optional<std::string> resolve_node_exports(const nlohmann::ordered_json& exports,
                                                std::string_view subpath,
                                                std::span<const std::string> conditions);

/// What "#name" stands for inside of a package with these `imports`: "./file" below it, or another specifier.
/// Follows PACKAGE_IMPORTS_RESOLVE.
std::optional<std::string> resolve_node_imports(const nlohmann::ordered_json& imports, std::string_view name,
                                                std::span<const std::string> conditions);

}  // namespace slim
