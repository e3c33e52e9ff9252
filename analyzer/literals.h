// What code of Ruby, PHP, Lua and Tcl says in its quotes: files, folders and commands. Their runtimes are
// kept whole (rules/languages.json), and so is an application's folder: only what lies elsewhere must be
// found here.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "analyzer/code_facts.h"

namespace slim {

enum class LiteralUse : std::uint8_t {
  path,     ///< an absolute path, or a relative one, perhaps without its ending: require 'x/y'
  command,  ///< a text for a shell: backticks, system, exec, popen
};

/// The language of a file of this name (.rb, .ru, .gemspec, Gemfile, .php, .phtml, .lua, .tcl), else none.
Language literal_language(std::string_view path);
/// The language of an interpreter: ruby3.1, irb, php8.2, php-fpm8.2, lua5.4, luajit, tclsh8.6, wish, else
/// none.
Language literal_interpreter(std::string_view program);

std::vector<CodeName> scan_literals(Language language, std::string_view text);

}  // namespace slim
