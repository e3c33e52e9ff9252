// How far an image is from a distroless one: a score, and what stands in the way.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "analyzer/file_tree.h"
#include "analyzer/packages.h"

namespace slim {

struct Obstacle {
  std::string id;  ///< shell, package-manager, setuid, world-writable or unowned
  std::uint64_t count = 0;
  unsigned points = 0;               ///< what it takes from the score
  std::vector<std::string> paths;    ///< at most 10, in the order of the tree; of unowned files the biggest
  std::string message;               ///< what it is and why it matters
  std::vector<std::string> because;  ///< of a slimmed image: why each of `paths` is kept
};

struct Distroless {
  unsigned score = 100;             ///< 0 to 100; 100: nothing stands in the way
  std::vector<Obstacle> obstacles;  ///< most points first
};

/// Looks at the paths that `has` is true of, which are those of a slimmed image or all. A shell or a package
/// manager takes 25 points each; a program that is setuid or setgid 5, all of them at most 20; a folder that
/// everybody may write to and that is not sticky 5, all at most 15; files below /usr, /opt, /bin, /sbin and
/// /lib* that no package claims 1 to 15, by their share of the bytes there.
Distroless check_distroless(const FileTree& tree, const Packages& packages,
                            const std::function<bool(NodeId)>& has);

}  // namespace slim
