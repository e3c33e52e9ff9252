// Rows of the table in rules_on_trees_test.cpp: a rule, a tree where it fires and one where it does not.
#pragma once

#include <ostream>
#include <string>
#include <utility>
#include <vector>

namespace slim {

using Names = std::vector<std::string>;

/// A file that is in the tree and gets kept.
struct Given {
  std::string path;
  Names imports;         ///< symbols, where it is an ELF file
  Names strings;         ///< of its constant data
  bool program = false;  ///< static, where it imports nothing
};

struct Scene {
  std::vector<Given> given;
  Names paths;  ///< beside them: "a/b" a file, "a/b/" a folder, "a -> b" a link
  Names env;
};

struct RuleCase {
  std::string id;
  Scene fires;
  Names keeps;  ///< of the paths of `fires`; the others are there to be left alone
  Names drops;  ///< files and links
  Scene quiet;

  friend std::ostream& operator<<(std::ostream& out, const RuleCase& one) { return out << one.id; }
};

inline const std::string lib = "/usr/lib/x86_64-linux-gnu/";
inline const std::string zones = "/usr/share/zoneinfo/";

inline Given a_file(std::string path) {
  return {.path = std::move(path), .imports = {}, .strings = {}};
}
inline Given importing(std::string path, Names imports) {
  return {.path = std::move(path), .imports = std::move(imports), .strings = {}};
}
inline Given naming(Names strings) {
  return {.path = "/bin/app", .imports = {}, .strings = std::move(strings), .program = true};
}
inline Scene scene(std::vector<Given> given, Names paths, Names env = {}) {
  return {.given = std::move(given), .paths = std::move(paths), .env = std::move(env)};
}
/// The same paths, with something else that is kept.
inline RuleCase keeping(std::string id, std::vector<Given> fires, Names keeps, Names beside,
                        std::vector<Given> quiet) {
  Names paths = keeps;
  paths.insert(paths.end(), beside.begin(), beside.end());
  return {.id = std::move(id),
          .fires = scene(std::move(fires), paths),
          .keeps = std::move(keeps),
          .drops = {},
          .quiet = scene(std::move(quiet), paths)};
}
/// A rule that looks at the image alone.
inline RuleCase of_image(std::string id, Names keeps, Names drops, Names beside, Scene quiet,
                         Names env = {}) {
  Names paths = keeps;
  paths.insert(paths.end(), drops.begin(), drops.end());
  paths.insert(paths.end(), beside.begin(), beside.end());
  return {.id = std::move(id),
          .fires = scene({}, std::move(paths), std::move(env)),
          .keeps = std::move(keeps),
          .drops = std::move(drops),
          .quiet = std::move(quiet)};
}

inline Given libc() {
  return a_file(lib + "libc.so.6");
}
inline Given app(Names imports) {
  return importing("/bin/app", std::move(imports));
}

}  // namespace slim
