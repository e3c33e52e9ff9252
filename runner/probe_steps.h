// One step of a probe on a running container.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "analyzer/image.h"
#include "runner/compare.h"
#include "runner/port_table.h"
#include "runner/probe.h"
#include "runner/sandbox.h"

namespace slim {

struct StepAnswer {
  std::string step;    ///< its name
  std::string answer;  ///< a line: "200 OK, 612 bytes", "exit 0", "+PONG"
  std::string unmet;   ///< what it was expected to be and was not; empty: as expected
};

struct StepOutcome {
  StepAnswer answer;
  std::vector<Facet> facets;
};

/// How much a container had written to each stream.
using OutputMark = std::array<std::size_t, 2>;

struct StepPlace {
  Container* container = nullptr;
  std::vector<ListeningPort> ports;     ///< that it serves; the first is meant where a step names none
  const ImageConfig* config = nullptr;  ///< that it runs with
  Container::Deadline deadline;         ///< of the whole run
  OutputMark before{};                  ///< the output when the step before began: what a log step looks at
  bool last = false;                    ///< a signal that ends programs is then waited for to end this one
  std::chrono::milliseconds silence{3'000};  ///< for the first byte of an answer
};

/// Takes a step; it ends by itself after the step's `within` at the latest. Facets' names begin with `name`.
StepOutcome run_step(const Step& step, const std::string& name, const StepPlace& place);

/// What a command that ran, or could not be started, says.
StepOutcome exec_outcome(const ExecStep& step, const std::string& name, const ExecResult& result);
StepOutcome exec_failure(const std::string& name, const StartFailure& failure);

OutputMark output_mark(Container& container);

/// Whether `pattern` is in what was written to either stream since `mark`.
bool written_since(Container& container, const OutputMark& mark, const Pattern& pattern);

}  // namespace slim
