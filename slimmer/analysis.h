// An image, what it needs, and the plan that follows: what analyze, build and why stand on.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "analyzer/dependency_graph.h"
#include "analyzer/image.h"
#include "analyzer/image_contents.h"
#include "analyzer/image_ref.h"
#include "analyzer/packages.h"
#include "analyzer/rules.h"
#include "runner/container_spec.h"
#include "slimmer/mark.h"
#include "slimmer/plan.h"
#include "slimmer/roots.h"

namespace slim {

struct AnalysisOptions {
  ReadOptions read;
  RunOverrides overrides;               ///< --entrypoint and its kin: they are roots too
  std::vector<std::string> rule_files;  ///< of the user
  MarkOptions mark;
  std::vector<std::string> traces;  ///< files of `slim trace`: what earlier runs asked for
};

struct Analysis {
  ImageContents contents;
  ImageConfig config;  ///< with the overrides
  Packages packages;
  std::vector<Rule> rules;
  std::unique_ptr<DependencyGraph> graph;
  Roots roots;
  MarkOptions mark;
  Plan plan;
  double read_seconds = 0;  ///< reading and indexing
  double plan_seconds = 0;  ///< everything behind that
};

/// On the heap, since its parts point at each other.
std::unique_ptr<Analysis> analyze(const ImageRef& ref, const AnalysisOptions& options);

/// A path that a run asked for, and what `why` says of it.
struct SeenRoot {
  std::string path;
  std::string detail;
};

/// A path that the plan keeps now and did not keep before.
struct GainedPath {
  std::string path;      ///< of what was asked for, or of a link or folder that stands for it
  std::size_t root = 0;  ///< the first of the roots that brought it
};

/// Adds what a run asked for to the roots and plans again. Returns what the plan gained, each path once.
std::vector<GainedPath> keep_seen(Analysis& analysis, const std::vector<SeenRoot>& seen, ReasonKind kind);
/// The same, with one detail for all; the paths alone.
std::vector<std::string> keep_seen(Analysis& analysis, const std::vector<std::string>& paths, ReasonKind kind,
                                   const std::string& detail);

/// Throws an input Error where there is nothing to run and nothing was included, or where the program that
/// the image starts is not in it: such an image can be analyzed, not slimmed.
void require_runnable(const Analysis& analysis, const MarkOptions& options);

}  // namespace slim
