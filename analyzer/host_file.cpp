#include "analyzer/host_file.h"

#include <array>
#include <cstddef>
#include <fstream>
#include <ios>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "analyzer/error.h"

namespace slim {
namespace {

constexpr std::size_t largest_host_file = 256'000'000;  ///< a trace of a million paths is smaller

}  // namespace

std::string read_host_file(const std::string& file, std::string_view what) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) throw Error(ErrorKind::input, file, fmt::format("cannot open this {}", what));
  std::string text;
  std::array<char, 4096> part{};
  while (stream) {
    stream.read(part.data(), part.size());
    text.append(part.data(), static_cast<std::size_t>(stream.gcount()));
    if (text.size() > largest_host_file)  // /dev/zero has no end
      throw Error(ErrorKind::input, file,
                  fmt::format("larger than {} MB: expected a {}", largest_host_file / 1'000'000, what));
  }
  if (stream.bad()) {  // a folder opens, too
    throw Error(ErrorKind::input, file, fmt::format("cannot read this {}", what));
  }
  return text;
}

}  // namespace slim
