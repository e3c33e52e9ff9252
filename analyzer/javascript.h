// The modules, files and commands that JavaScript (and TypeScript) names, found by reading its tokens and
// never by running it.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "analyzer/code_facts.h"

namespace slim {

/// What a name in JavaScript is for: CodeName::use, without `optional_script_name`.
enum class ScriptUse : std::uint8_t {
  require,         ///< require("x"), require.resolve("x"), also through createRequire
  import,          ///< import and export ... from "x", import("x"), import.meta.resolve("x")
  require_prefix,  ///< require("./lang/" + x), also as a template: the text is what is known of its beginning
  import_prefix,   ///< the same of import()
  computed_require,  ///< a require or import() of which nothing is known; the text is empty
  file,              ///< beside the module: path.join(__dirname, "views"), new URL("x", import.meta.url)
  file_prefix,       ///< the same, of which only the beginning is known
  path,              ///< a string that is an absolute path
  command,           ///< what exec, spawn and their kin start, in a shell's words
};

/// Set in CodeName::use where the name stands in a try block, or in a bundle that has its modules inside:
/// that it is missing says nothing.
inline constexpr std::uint8_t optional_script_name = 0x80;

/// Whether a file of this name (as in LayerEntry) is read as JavaScript: *.js, *.mjs, *.cjs, and
/// TypeScript's, which some runtimes run as it is; declarations of types (*.d.ts) are not.
bool is_javascript_file(std::string_view path);

/// Whether a program of this name or path runs JavaScript: node, nodejs, node20, bun, deno, tsx, ts-node.
bool is_javascript_interpreter(std::string_view program);

/// At most 4,096 names of at most 4,096 bytes, each once, with its first line. Reads tokens as ECMA-262 has
/// them (regular expressions, templates); what is no program yields what looks like one.
std::vector<CodeName> scan_javascript(std::string_view text);

}  // namespace slim
