// Small files of this machine that a user names: rules, traces.
#pragma once

#include <string>
#include <string_view>

namespace slim {

/// The whole content. `what` ("rule file") is for the message: a file that cannot be read is an input Error.
std::string read_host_file(const std::string& file, std::string_view what);

}  // namespace slim
