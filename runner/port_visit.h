// What can be asked of a listening port without knowing what serves it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "runner/compare.h"
#include "runner/port_table.h"
#include "runner/sandbox.h"

namespace slim {

struct CrawlBounds {
  std::size_t pages = 40;  ///< of one port, beside "/"
  unsigned depth = 4;      ///< links away from "/"
  std::size_t bytes = 16UL << 20;
  std::chrono::milliseconds time{10'000};
};

struct PortVisit {
  std::vector<Facet> facets;
  std::string summary;             ///< "port 80: GET / 200 and 12 pages more"
  std::string unproved;            ///< why its answer is no evidence; empty where it is
  bool silent = false;             ///< it accepted and then said nothing in time
  std::vector<std::string> pages;  ///< that were asked for beside "/", in their order
};

/// How a visit goes where another one went before.
struct VisitPlan {
  bool only_connect = false;                        ///< it is known to say nothing
  const std::vector<std::string>* pages = nullptr;  ///< these, and no others; nullptr: what links lead to
  std::chrono::milliseconds silence{3'000};         ///< for the first byte of an answer
  CrawlBounds bounds;
};

/// Asks for "/", and where HTTP is spoken for the pages that links lead to, breadth first, the links of a
/// level sorted. Facets of pages beside "/" are weak.
PortVisit visit_port(Container& container, const ListeningPort& port, const VisitPlan& plan);

}  // namespace slim
