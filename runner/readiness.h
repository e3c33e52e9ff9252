// Waiting until a program is ready to be asked, as a probe says it. Readiness is polled, never slept for.
#pragma once

#include <chrono>
#include <string>

#include "runner/probe.h"
#include "runner/sandbox.h"

namespace slim {

enum class ReadyState : std::uint8_t {
  ready,
  ended,  ///< the program ended before
  late,   ///< not within the time
};

struct ReadyResult {
  ReadyState state = ReadyState::ready;
  std::string missing;  ///< what did not come: "port 80", "a line that matches 'up'"
};

/// Waits until every condition held once, for `ready.within` and until `deadline` at most.
ReadyResult wait_until_ready(Container& container, const Ready& ready, Container::Deadline deadline);

}  // namespace slim
