// Asking a container over HTTP, and what its answer says as facets.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "runner/compare.h"
#include "runner/http.h"
#include "runner/port_table.h"
#include "runner/probe.h"
#include "runner/sandbox.h"

namespace slim {

/// The request, on a connection that is closed afterwards; headers that the step names replace slim's own.
std::string http_request(const HttpStep& step);

/// Status, one facet for each header name (weak), body; `name` ("GET / on port 80") stands in front of each.
std::vector<Facet> http_facets(const std::string& name, const HttpReply& response, bool weak = false);

/// The name's value; empty where there is none. Names are compared without regard to case.
std::string header_value(const HttpReply& response, std::string_view name);

/// Connects as soon as the port takes connections; empty where it did not until `deadline`, or the container
/// has ended.
UniqueFd connect_soon(Container& container, const ListeningPort& port, Container::Deadline deadline);

/// A text as it is compared: one beyond 1 MiB is its beginning and the rest's length and checksum.
std::string comparable(std::string_view text);

}  // namespace slim
