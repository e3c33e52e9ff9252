// What a run of an image asked for, kept in a file, so that one image can be built for many of its commands.
#pragma once

#include <ostream>
#include <string>
#include <vector>

namespace slim {

struct Trace {
  std::string image;               ///< as it was named
  std::string config_digest;       ///< of the image that ran
  std::string summary;             ///< what the run did, a line
  std::vector<std::string> paths;  ///< absolute, as they were asked for, in the order of the first time
};

/// JSON: {schema_version, image {ref, config_digest}, summary, paths[]}.
void write_trace(const Trace& trace, std::ostream& out);

/// Reads such a file. Throws an input Error that names the file, the place and what was expected.
Trace read_trace(const std::string& file);

}  // namespace slim
