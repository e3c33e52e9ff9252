// Whether what a user expects of an answer holds, and in words what does not.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analyzer/exit_status.h"
#include "runner/probe.h"
#include "runner/sandbox.h"

namespace slim {

// Each gives the first thing that does not hold ("stdout: expected to contain 'x', found 'y'"); empty where
// all holds. `what` names the text.

std::string unmet(const TextExpect& expect, std::string_view text, std::string_view what);
std::string unmet(const ProcessExpect& expect, const ExitStatus& status, std::string_view output,
                  std::string_view error);
/// `ranges` empty: anything below 500 (RFC 9110, 15.6: the server failed).
std::string unmet_status(const std::vector<std::pair<int, int>>& ranges, int status);

/// As a facet has it: what was kept of a stream, and a mark that tells what was not kept from other such
/// bytes.
std::string dropped_mark(const Captured& captured);
/// Of a text that was not kept whole it cannot be said that something is not in it. Empty where `expect`
/// wants nothing of that kind.
std::string unmet_unseen(const ProcessExpect& expect, const Captured& output, const Captured& error);

/// A text for a message: its beginning, in quotes, with control characters as escapes.
std::string quoted(std::string_view text);

}  // namespace slim
