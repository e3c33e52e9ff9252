// What the words of a shell script lead to in the image: its programs with their arguments, and files.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/file_tree.h"
#include "analyzer/image.h"
#include "analyzer/shell.h"

namespace slim {

struct ScriptName {
  Resolution target;  ///< node is no_node where the image has no such file
  std::string word;   ///< as it stands in the script, with its values put in
  std::size_t line = 1;
  bool command = false;                ///< stands where a command does, or is read as a script
  bool sourced = false;                ///< is read as a script
  bool runs = false;                   ///< a program that is run, with `arguments`
  bool forwards = false;               ///< and is given what the script was given: "$@"
  bool missed = false;                 ///< nothing else explains that it is not there: worth telling
  std::vector<std::string> arguments;  ///< "" for one that cannot be told
};

/// Where a script's names are looked up.
struct ScriptPlaces {
  std::vector<std::string> search_path;  ///< of PATH, in order
  NodeId working_folder = root_node;
  ShellVariables environment;
};

/// PATH, the working folder and the environment of the config.
ScriptPlaces script_places(const FileTree& tree, const ImageConfig& config);

/// What execvp finds under `word`: a name in PATH, a path with a slash from the working folder.
Resolution find_program(const FileTree& tree, const ScriptPlaces& places, std::string_view word);

/// Everything that `text` names, which is the content of `script`, or of a command line where that is
/// no_node. A program comes once for each way in which its arguments may read, at most 16.
std::vector<ScriptName> script_names(const FileTree& tree, const ScriptPlaces& places, std::string_view text,
                                     NodeId script);

}  // namespace slim
