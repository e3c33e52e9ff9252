// What a batch came to: a table for people, a document for programs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "cli/terminal.h"

namespace slim {

enum class BatchState : std::uint8_t {
  built,      ///< slimmed now
  unchanged,  ///< slimmed before, under the same inputs
  failed,     ///< not slimmed; `error` says why
  stopped,    ///< a signal came first
};

std::string_view to_string(BatchState state);

/// One image of a batch.
struct BatchResult {
  unsigned line = 0;  ///< of the batch file
  std::string image;
  std::string output;
  BatchState state = BatchState::stopped;
  std::string verdict;         ///< empty where it came to none
  std::uint64_t original = 0;  ///< bytes of all layers' tars; of all platforms, where there are several
  std::uint64_t slimmed = 0;   ///< the same of the output
  double seconds = 0;
  int exit_code = 0;                 ///< of slim build for this image
  std::string error;                 ///< hostile text; empty where all is well
  std::string config_digest;         ///< of the original
  std::string output_config_digest;  ///< of what was written; with several platforms both are empty
};

struct BatchReport {
  std::string file;
  std::vector<BatchResult> results;  ///< in the order of the file
  [[nodiscard]] std::size_t count(BatchState state) const;
  [[nodiscard]] bool failed() const { return count(BatchState::failed) + count(BatchState::stopped) != 0; }
};

void render_text(const BatchReport& report, const TextStyle& style, std::ostream& out);
/// As schema/batch.schema.json has it.
void render_json(const BatchReport& report, std::ostream& out);

/// Fills in what the JSON report of `slim build` says. Throws an input Error where it is none.
void read_build_report(const std::string& json, BatchResult& result);

}  // namespace slim
