// $ORIGIN, $LIB and $PLATFORM in the names and search paths that glibc's loader reads.
#pragma once

#include <string>
#include <string_view>

namespace slim {

/// What the tokens stand for in one object. An empty platform is one that the kernel names none for.
struct LoaderTokens {
  std::string_view origin;
  std::string_view lib;
  std::string_view platform;
};

struct ExpandedText {
  std::string text;
  bool has_token = false;
  bool has_origin = false;
  bool has_platform = false;
  bool refused = false;  ///< the loader drops the whole text: see expand_tokens
};

/// Replaces NAME and {NAME} behind each dollar sign, by the gABI's rules as glibc's dl-load.c has them.
/// Refused is a token without a value and, in secure-execution mode, an $ORIGIN that is not the whole first
/// folder.
ExpandedText expand_tokens(std::string_view text, const LoaderTokens& tokens, bool secure);

/// An absolute path without "." and ".." and doubled slashes, by the text alone; with a slash at its end.
std::string normalized_folder(std::string_view path);

}  // namespace slim
