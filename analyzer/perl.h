// What Perl code names: modules, files, commands. Perl cannot be parsed without being run; a line is read for
// the words that matter, whatever it is part of, so that no quote that was misunderstood can hide any.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "analyzer/code_facts.h"

namespace slim {

enum class PerlUse : std::uint8_t {
  used,      ///< use NAME at the start of a statement
  required,  ///< require, no, parent, base, a pragma's own needs
  word,      ///< 'Some::Name' in quotes or in a list of words: a module that may be loaded by its name
  prefix,    ///< 'Some::Name::' before something that is put behind it: any module below
  file,      ///< require 'x.pl', do 'x.pl'
  library,   ///< use lib; a leading slim::script_folder_mark stands for FindBin
  path,      ///< an absolute path in quotes
  command,   ///< a text for a shell, or a program: system, exec, backticks
};

/// Whether a file of this name is Perl: .pm, .pl, .al, .ph, .psgi.
bool is_perl_file(std::string_view path);
/// perl, perl5.36.0
bool is_perl_interpreter(std::string_view program);

std::vector<CodeName> scan_perl(std::string_view text);

}  // namespace slim
