// The links of a page that lead to the server that it came from.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runner/http.h"

namespace slim {

/// Where a page came from: a path with its query, on a port of loopback.
struct PagePlace {
  std::string path = "/";
  std::uint16_t port = 80;
};

/// Same-origin paths (with their queries, without fragments) that a response leads to: Location, and in HTML
/// href, src, srcset, poster, data and the action of forms that are got; in CSS url() and @import. Sorted,
/// each once, at most 1,000; only the first megabyte is read.
std::vector<std::string> links_of(const HttpReply& response, const PagePlace& place);

/// `reference` as seen from `place` (RFC 3986, 5.2); empty where it leads elsewhere or is no path of HTTP.
std::string resolve_link(std::string_view reference, const PagePlace& place);

}  // namespace slim
