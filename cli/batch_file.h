// The file of `slim build --batch`: which images are slimmed, where each goes, and with which options.
//
//   defaults: { profile: safe, probes: [ smoke.yaml ] }         for every image that does not say otherwise
//   images:
//     - image: app.tar
//       output: docker-archive:app-slim.tar
//       tag: shop/app:slim                                      and any other option of `slim build`
//       env: { NAME: value }
//
// or a list of images alone, or JSON, or lines for a shell's eye: IMAGE DEST [PROBE-FILE...] [--OPTION
// [VALUE]...]. Paths in it are taken from its folder.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <CLI/App.hpp>

namespace slim {

/// An option that an image may have, as the command line has it.
struct BatchOption {
  std::string name;  ///< without dashes
  bool takes_value = false;
  bool repeats = false;
};

/// Values by the option's name. A flag has none where it is set; one that is switched off is not there.
using BatchValues = std::map<std::string, std::vector<std::string>>;

struct BatchEntry {
  unsigned line = 0;  ///< of the file, 1-based
  std::string image;
  std::string output;
  BatchValues options;
};

/// The options of `command` (slim build) that an image of a batch may have.
std::vector<BatchOption> batch_options(const CLI::App& command);

/// Reads the text of a batch file. `shared` holds for each image that does not set the same option. Throws an
/// input Error with file, line, place and what was expected: also for an unknown option, an image without a
/// destination and two images with one destination.
std::vector<BatchEntry> parse_batch(const std::string& text, const std::string& file,
                                    const std::vector<BatchOption>& options, const BatchValues& shared);

/// The words of the command line that they are: --NAME=VALUE, or --NAME.
std::vector<std::string> option_words(const BatchValues& options);

}  // namespace slim
