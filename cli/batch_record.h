// What of a batch is done already: a small file beside the batch file, so that nothing is done twice.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "cli/batch_file.h"
#include "cli/batch_report.h"

namespace slim {

/// An image that was slimmed, under which inputs, and what was written.
struct BatchMemory {
  std::string
      inputs;  ///< a digest of the options, the files that they name, their content, and slim's version
  std::string image;   ///< the config's digest of the original
  std::string output;  ///< the config's digest of what was written
  std::string place;   ///< size and time of the output, where it is a file; else empty
  BatchResult result;
};

/// By the output's text.
using BatchRecord = std::map<std::string, BatchMemory>;

/// Of FILE.state.json. A file that is missing is an empty record; so is a damaged one, and `damaged` is set.
BatchRecord read_batch_record(const std::string& path, bool& damaged);
/// Whole or not at all.
void write_batch_record(const std::string& path, const BatchRecord& record);

/// What decides an entry's result beside the image. `folder` is that of the batch file. Throws Error where a
/// file or an image that it names cannot be read.
std::string batch_inputs(const BatchEntry& entry, const std::string& folder);

/// Remembers a result that was built.
BatchMemory remember(const BatchEntry& entry, const std::string& folder, const std::string& inputs,
                     const BatchResult& result);

/// Whether the entry's result is there already: the same inputs, the image is still the one that was slimmed,
/// the output the one that was written, and its reports are there. False where any of it cannot be told.
bool is_done(const BatchEntry& entry, const std::string& folder, const BatchMemory& memory);

}  // namespace slim
