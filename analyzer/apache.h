// What the configuration of the Apache HTTP Server names below its ServerRoot.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace slim {

struct ServerPath {
  std::string text;      ///< relative to the ServerRoot; may be a glob
  std::size_t line = 1;  ///< 1-based
};

struct ApacheFacts {
  std::string server_root;        ///< absolute, as this file has it; empty where it has none
  std::vector<ServerPath> paths;  ///< at most 4,096
};

/// Whether the file at `path` may be one of Apache's, by its name or its folder. Include takes files from
/// anywhere, which are called .conf by custom; sites may be called as they like.
bool may_be_apaches(std::string_view path);

/// Whether `word` is the directive `lower`: they are written in any case.
bool is_apache_directive(std::string_view word, std::string_view lower);

/// LoadModule, Include and the other directives whose paths are relative to ServerRoot, in the text of a file
/// that may be one of Apache's. Paths with variables in them are left out.
ApacheFacts read_apache(std::string_view text);

}  // namespace slim
