// Where in a JSON text its keys stand, for messages that name a line.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace slim {

/// The line (from 1) of each key and each list's element, by its place: "/0/when/kept" is the key kept of the
/// key when of the first element. Of a text that parse_json() takes, comments allowed; places deeper than 8
/// are left out.
std::map<std::string, std::size_t, std::less<>> json_lines(std::string_view text);

}  // namespace slim
