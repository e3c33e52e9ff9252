// A slimmed image as a Dockerfile that a team can review and keep: FROM the original, COPY what is kept, with
// the reasons as comments.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "slimmer/analysis.h"
#include "slimmer/copies.h"

namespace slim {

struct DockerfileOptions {
  std::string file;           ///< where it goes; FILE.tar comes beside it
  std::string from;           ///< what FROM names; empty: the builder is asked for it (--build-arg SOURCE)
  std::string platform;       ///< for FROM --platform; may be empty
  std::string verdict;        ///< of the build that it comes from
  bool show_secrets = false;  ///< else values that look like secrets are asked for by --build-arg
};

struct Dockerfile {
  std::string text;
  std::vector<std::string> warnings;  ///< what of the config a Dockerfile cannot say
};

/// One word of ENV, LABEL, USER, VOLUME, ...: what the builder reads from it is `text`, whatever is in it.
/// `text` must be one line (is_dockerfile_line).
std::string dockerfile_word(std::string_view text);
/// Whether an instruction can hold `text` so that a reader sees it: no control characters but the tab, none
/// that hide or turn what stands beside them, nothing but UTF-8.
bool is_dockerfile_line(std::string_view text);

/// The instructions. What comes from the image is text in them and no instruction.
Dockerfile render_dockerfile(const Analysis& analysis, const Copies& copies,
                             const DockerfileOptions& options);

/// What FROM names for an image: a registry's by its digest; else its name; empty where it has none.
std::string from_reference(const Image& image, bool in_registry);

/// That FILE and FILE.tar can be written. Throws Error: usage, environment.
void check_dockerfile_place(const std::string& file);

/// Writes FILE.tar and FILE; each is there whole or not at all. Returns the warnings.
std::vector<std::string> write_dockerfile(Analysis& analysis, const DockerfileOptions& options);

}  // namespace slim
