// Whatever comes from an image is hostile text: one escaper for each place that it goes to.
#pragma once

#include <cstddef>
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

/// For text and attributes of XML 1.0: as terminal_text, with references for & < > and quotes. What XML has
/// no place for at all, escaped or not, terminal_text has shown as \xNN already.
std::string xml_text(std::string_view text);
/// The same of several lines: line feeds and tabs stay.
std::string xml_lines(std::string_view text);

/// For Markdown, a name as it stands: a code span, in which GitHub and GitLab look for no mention, link or
/// mark-up. Grave accents and vertical bars are \x60 and \x7c, so that it also holds in a cell of a table.
/// Nothing for an empty text.
std::string markdown_code(std::string_view text);
/// The same, cut in the middle to at most `columns` code points.
std::string markdown_code(std::string_view text, std::size_t columns);

/// For Markdown, a sentence: as terminal_text, with a character reference for whatever could begin mark-up,
/// HTML, a link, a mention of somebody or of an issue. It is to stand behind something else on its line.
std::string markdown_text(std::string_view text);

/// For Markdown, several lines in a fenced block that they cannot end; ends with a line feed.
std::string markdown_block(std::string_view text);

/// For a message of SARIF (2.1.0, 3.11.5 and 3.11.6): as terminal_text, without links and placeholders.
std::string sarif_text(std::string_view text);

/// A path as a relative URI reference (RFC 3986): all but unreserved characters and slashes in %XX, byte by
/// byte, without the slash that it begins with.
std::string uri_path(std::string_view path);

/// For a command of GitHub's log (::error title=TITLE::MESSAGE): as terminal_text, and % line feeds and
/// carriage returns in %XX; of a property colons and commas too.
std::string github_message(std::string_view text);
std::string github_property(std::string_view text);

/// The value of an environment variable or a label, or *** where its name or its shape says secret.
std::string redacted(std::string_view name, std::string_view value);

/// A command line of the history: of its words NAME=value, of what follows an option whose name says secret
/// ("--password x"), and of its other words, as redacted().
std::string redacted_words(std::string_view text);

/// The same of a command that is divided into words already; one may be a script.
std::vector<std::string> redacted_arguments(const std::vector<std::string>& words);

}  // namespace slim
