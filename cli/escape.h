// Whatever comes from an image is hostile text: one escaper for each place that it goes to.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace slim {

/// For terminals and logs: control characters, escape sequences, bidirectional marks and bytes that are no
/// UTF-8 become
/// \xNN or \u{NNNN}; a line that a CI service would read as a command (::error ...) cannot come out of it,
/// since line breaks are escaped too.
std::string terminal_text(std::string_view text);

/// As terminal_text, cut in the middle to at most `columns` code points.
std::string terminal_text(std::string_view text, std::size_t columns);

/// As terminal_text, but line feeds and tabs stay: for output of several lines, each put behind `prefix`.
std::string terminal_lines(std::string_view text, std::string_view prefix);

/// The value of an environment variable or a label, or *** where its name or its shape says secret.
std::string redacted(std::string_view name, std::string_view value);

/// A command line of the history: of its words NAME=value, of what follows an option whose name says secret
/// ("--password x"), and of its other words, as redacted().
std::string redacted_words(std::string_view text);

/// The same of a command that is divided into words already; one may be a script.
std::vector<std::string> redacted_arguments(const std::vector<std::string>& words);

}  // namespace slim
