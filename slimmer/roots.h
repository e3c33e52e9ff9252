// What an image promises to run: the roots of the mark.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analyzer/dependency_graph.h"
#include "analyzer/file_tree.h"
#include "analyzer/image.h"
#include "analyzer/rules.h"
#include "slimmer/plan.h"

namespace slim {

/// A program that the config starts.
struct Entrypoint {
  std::vector<std::string> argv;
  std::string path;  ///< the program's file, absolute; empty where it is not in the image
  std::string from;  ///< entrypoint, cmd, healthcheck or include
};

struct Root {
  Resolution target;
  ReasonKind kind = ReasonKind::entrypoint;
  std::string detail;
  Strength strength = Strength::required;
  bool with_content = false;  ///< a folder with all that is in it
  /// Seen in a run (observed, healed) rather than promised by the config: marked behind all that static
  /// analysis finds, so that its reason tells what that had missed.
  bool seen = false;
};

struct Roots {
  std::vector<Entrypoint> entrypoints;
  std::vector<Root> roots;
  std::vector<std::string> warnings;  ///< an --include that matches nothing, and the like
};

/// Entrypoint and cmd (exec form, or a shell with -c), the healthcheck, files and application folders that
/// their arguments name, those that the environment of the config names (likely), and the paths that
/// `include` (globs) matches.
Roots find_roots(const FileTree& tree, const ImageConfig& config, DependencyGraph& graph,
                 const std::vector<std::string>& include);

/// What a run that asked for `path` needs to be there: the path itself, or, where the image has no such
/// path, the nearest folder above it (a program may make it). Nothing for what the kernel or the runtime
/// brings (/proc, /sys, /dev) and for the root.
std::optional<Root> seen_root(const FileTree& tree, const std::string& path, ReasonKind kind,
                              std::string detail);

/// The argv that a container of this config starts: entrypoint, then cmd. Empty: nothing to run.
std::vector<std::string> start_command(const ImageConfig& config);

}  // namespace slim
